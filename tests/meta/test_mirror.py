"""Every module has its mirrored test (`style.md` §2): edge/sip/via.py ↔ tests/edge/sip/test_via.py."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLANES = ("config", "media", "edge", "controlplane")

EXEMPT: dict[str, str] = {
    "controlplane/store/migration/env.py": "run by alembic; tests/controlplane/store/test_migrate.py runs it",
}
"Module → why it needs no test file of its own."


def modules() -> list[Path]:
    return sorted(path.relative_to(ROOT) for plane in PLANES for path in (ROOT / plane).rglob("*.py"))


def says_nothing(module: Path) -> bool:
    """Only a docstring, imports, `__all__` and names for types: nothing that a test could run."""
    tree = ast.parse((ROOT / module).read_text())
    return all(_is_declaration(node) for node in tree.body)


def _is_declaration(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name("__all__")]):
            return True
        case ast.Assign(value=ast.BinOp(op=ast.BitOr()) | ast.Name()):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name("NewType" | "TypeVar"))):
            return True
        case ast.ClassDef():
            return all(_is_field(part) for part in node.body)
    return False


def _is_field(node: ast.stmt) -> bool:
    """A field, its docstring, an enum's member, or a Protocol's method without a body."""
    match node:
        case ast.AnnAssign() | ast.Expr(ast.Constant()) | ast.Pass() | ast.Assign(value=ast.Constant()):
            return True
        case ast.Assign(value=ast.Call(func=ast.Attribute(attr="auto"))):
            return True
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return all(
                isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) for part in node.body
            )
    return False


def mirror(module: Path) -> Path:
    return Path("tests") / module.with_name(f"test_{module.name}")


@pytest.mark.parametrize("module", modules(), ids=str)
def test_every_module_has_its_mirrored_test(module: Path) -> None:
    migration = module.parts[-2] == "versions"  # test_migrate.py runs them all
    if module.name == "__main__.py" or migration or says_nothing(module) or str(module) in EXEMPT:
        return
    assert (ROOT / mirror(module)).exists(), f"{module} has no {mirror(module)}"


def test_every_mirrored_test_has_its_module() -> None:
    strays = [
        path.relative_to(ROOT)
        for plane in PLANES
        for path in (ROOT / "tests" / plane).rglob("test_*.py")
        if not (ROOT / path.relative_to(ROOT / "tests").with_name(path.name.removeprefix("test_"))).exists()
    ]
    assert not strays, "these tests mirror nothing: move or rename them with their module"


def test_every_exemption_is_still_needed() -> None:
    stale = [name for name in EXEMPT if not (ROOT / name).exists() or (ROOT / mirror(Path(name))).exists()]
    assert not stale
