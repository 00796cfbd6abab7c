"""`python -m controlplane` is the command `tandem`."""

from controlplane.cli import main

if __name__ == "__main__":
    main(prog_name="tandem")
