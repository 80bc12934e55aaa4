"""The house keeps its own order: layers, walls between rooms, sizes; read from the source."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from matinee.models import Base

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "matinee"
FILES = sorted(SRC.rglob("*.py"))
ALL_FILES = [ROOT / "dev", *FILES]
ALL_FILES += sorted(
    file for folder in ("tests", "benchmarks", "tools") for file in (ROOT / folder).rglob("*.py")
)

LAYERS = (
    {"core"},
    {"models"},
    {"integrations", "migrations", "embedded"},
    {"runtime"},
    {"accounts"},
    {"entitlements"},
    {"catalog"},
    {"viewing"},
    {"profiles"},
    {"epg"},
    {"playback"},
    {"recommendations"},
    {"notifications"},
    {"enrichment"},
    {"admin"},
    {"health", "installation", "art", "web"},
    {"main"},
    {"demo"},
    {"cli"},
)
LEVEL = {package: level for level, packages in enumerate(LAYERS) for package in packages}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_STATEMENTS_OF_A_ROUTE = 3

SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT INTO|UPDATE \w+\s.*\bSET|DELETE FROM)\b", re.DOTALL | re.IGNORECASE
)
ONLY_IN = {
    "commit": {"migrations/state.py", "core/database.py"},
    "HTTPException": {"core/errors.py", "core/routing.py"},
    "getenv": {"core/settings.py"},
    "BackgroundTasks": set(),
    "BaseHTTPMiddleware": set(),
}
"""Names that may be called in these files alone."""

DISTRIBUTED = {
    table.name
    for table in Base.metadata.sorted_tables
    if table.info["placement"].kind == "distributed"
}
TOUCHED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)")


def ids(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def package_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported_packages(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Our own packages that a module imports, with the line."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "matinee":
            names = [f"matinee.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.startswith("matinee.") and not name.endswith(".__version__"):
                yield name.split(".")[1], node.lineno


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def strings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Text constants, f-strings joined with their holes left out."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
            inside |= {id(part) for part in parts}
            yield " ".join(str(part.value) for part in parts), node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield ("" if id(node) in inside else node.value), node.lineno


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_module_imports_only_its_own_package_and_lower_layers(path: Path) -> None:
    own = package_of(path)
    if own == "__init__":
        return
    upwards = [
        f"line {line}: {own} looks up to {package}"
        for package, line in imported_packages(tree_of(path))
        if package != own and LEVEL[package] >= LEVEL[own]
    ]
    assert not upwards


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_stand_at_the_top(path: Path) -> None:
    deferred = [
        f"line {node.lineno}"
        for function in functions(tree_of(path))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not deferred


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_nobody_imports_for_the_type_checker_only(path: Path) -> None:
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_module_says_what_it_holds(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_is_not_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    long = [
        f"{function.name}: {function.end_lineno - function.lineno + 1} lines"
        for function in functions(tree_of(path))
        if function.end_lineno and function.end_lineno - function.lineno >= LONGEST_FUNCTION
    ]
    assert not long


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_some_calls_have_one_home(path: Path) -> None:
    strangers = []
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ONLY_IN and ids(path) not in ONLY_IN[name]:
                strangers.append(f"line {node.lineno}: {name}()")
    assert not strangers


ROUTERS = [path for path in FILES if path.name in ("router.py", "admin.py")]


@pytest.mark.parametrize("path", ROUTERS, ids=ids)
def test_a_router_holds_no_sql(path: Path) -> None:
    assert not [f"line {line}" for text, line in strings(tree_of(path)) if SQL.search(text)]


@pytest.mark.parametrize("path", ROUTERS, ids=ids)
def test_a_route_is_one_call_down(path: Path) -> None:
    faults = []
    for function in functions(tree_of(path)):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        if len(body) > MOST_STATEMENTS_OF_A_ROUTE:
            faults.append(f"{function.name} has {len(body)} statements")
        if any(isinstance(node, ast.If | ast.Try) for node in ast.walk(function)):
            faults.append(f"{function.name} decides something")
    assert not faults


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_statements_on_split_tables_say_whose_rows(path: Path) -> None:
    """Citus sends a statement to one node when it names the household; else it is marked."""
    if package_of(path) in ("migrations", "demo"):
        return
    astray = [
        f"line {line}: {sorted(touched)}"
        for text, line in strings(tree_of(path))
        if (touched := set(TOUCHED.findall(text)) & DISTRIBUTED)
        and "user_id" not in text
        and "-- cross-user" not in text
    ]
    assert not astray


def test_a_process_knows_every_job() -> None:
    declared = {
        name
        for path in FILES
        for name in re.findall(r"^@job\(\s*\"([\w.]+)\"", path.read_text(), re.MULTILINE)
    }
    # a fresh process: this one has imported what the tests import
    ask = "import matinee.main; from matinee.core.jobs import REGISTRY; print(*REGISTRY)"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert declared - set(answer.stdout.split()) == set()
