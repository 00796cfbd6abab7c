// A telephone with SIP.js's signalling under Node: what browsers run, without their sound.
//
// node sipjs.cjs MODULES URL USER PASSWORD: registers, then does what each line of standard input says; every
// event is a line of JSON.

"use strict"
const path = require("node:path")
const readline = require("node:readline")

const [modules, url, user, password] = process.argv.slice(2)
const domain = "demo.local"
const say = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }))

globalThis.WebSocket = require(path.join(modules, "ws"))
globalThis.window = { addEventListener() {}, removeEventListener() {} } // it tells the page's end and its network

const sdp = (direction, setup) =>
  ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0 101",
    "c=IN IP4 0.0.0.0", "a=mid:0", "a=rtcp-mux", `a=setup:${setup}`, "a=ice-ufrag:abcd", `a=ice-pwd:${"p".repeat(22)}`,
    `a=fingerprint:sha-256 ${Array(32).fill("0F").join(":")}`, "a=rtpmap:101 telephone-event/8000", `a=${direction}`,
    ""].join("\r\n")

class Description {
  // Describes a browser's stream; nobody answers the checks of ICE that come for it.
  offering = false
  close() {}
  hasDescription(type) {
    return type === "application/sdp"
  }
  async getDescription(options) {
    this.offering = !this.asked
    this.asked = false
    const body = sdp(options?.hold ? "sendonly" : "sendrecv", this.offering ? "actpass" : "active")
    return { body, contentType: "application/sdp" }
  }
  async setDescription(body) {
    this.asked = !this.offering
    this.offering = false
    say("described", { direction: /a=(sendrecv|sendonly|recvonly|inactive)/.exec(body)?.[1] ?? "sendrecv" })
  }
  sendDtmf() {
    return false
  }
}

import(path.join(modules, "sip.js", "lib", "index.js")).then(async (sip) => {
  const target = (number) => sip.UserAgent.makeURI(`sip:${number}@${domain}`)
  let session, subscriber
  const follow = (made) => {
    session = made
    session.stateChange.addListener((state) => say("session", { state }))
    session.delegate = { onRefer: (referral) => referral.reject(), onBye: (bye) => { say("bye"); bye.accept() } }
  }
  const told = (what) => ({
    requestDelegate: {
      onAccept: (answer) => say(what, { status: answer.message.statusCode }),
      onReject: (answer) => say(what, { status: answer.message.statusCode }),
    },
  })
  const agent = new sip.UserAgent({
    uri: target(user),
    authorizationUsername: user,
    authorizationPassword: password,
    transportOptions: { server: url },
    logBuiltinEnabled: false,
    sessionDescriptionHandlerFactory: () => new Description(),
    delegate: {
      onInvite(invitation) {
        follow(invitation)
        say("invited", { from: invitation.remoteIdentity.uri.user })
      },
      onMessage(message) {
        say("text", { body: message.request.body })
        message.accept()
      },
    },
  })
  const doing = {
    dial: async (number) => {
      follow(new sip.Inviter(agent, target(number)))
      await session.invite(told("answered"))
    },
    accept: () => session.accept(),
    cancel: () => session.cancel(),
    bye: () => session.bye(told("bye")),
    hold: () => session.invite({ ...told("held"), sessionDescriptionHandlerOptions: { hold: true } }),
    resume: () => session.invite({ ...told("resumed"), sessionDescriptionHandlerOptions: { hold: false } }),
    press: (digit) =>
      session.info({
        ...told("pressed"),
        requestOptions: {
          body: {
            contentDisposition: "render",
            contentType: "application/dtmf-relay",
            content: `Signal=${digit}\r\nDuration=160`,
          },
        },
      }),
    refer: (number) => {
      const onNotify = (notice) => {
        say("progress", { line: notice.request.body.split("\r\n")[0] })
        notice.accept()
      }
      return session.refer(target(number), { ...told("referred"), onNotify })
    },
    text: (number, body) => new sip.Messager(agent, target(number), body).message(told("sent")),
    watch: async (number) => {
      subscriber = new sip.Subscriber(agent, target(number), "dialog")
      subscriber.stateChange.addListener((state) => say("subscription", { state }))
      subscriber.delegate = {
        onNotify(notice) {
          say("dialog", { state: /<state[^>]*>(\w+)/.exec(notice.request.body)?.[1] ?? "none" })
          notice.accept()
        },
      }
      await subscriber.subscribe()
    },
    quit: async () => {
      await subscriber?.unsubscribe()
      await registerer.unregister()
      await agent.stop()
      process.exit(0)
    },
  }
  await agent.start()
  const registerer = new sip.Registerer(agent, { expires: 300 })
  registerer.stateChange.addListener((state) => say("registration", { state }))
  await registerer.register({ requestDelegate: { onReject: (answer) => say("refused", { status: answer.message.statusCode }) } })
  readline.createInterface({ input: process.stdin }).on("line", async (line) => {
    const [word, ...rest] = line.split(" ")
    try {
      await doing[word](...rest)
    } catch (error) {
      say("failed", { word, error: String(error) })
    }
  }).on("close", () => process.exit(0))
}).catch((error) => {
  say("failed", { error: String(error) })
  process.exit(1)
})
