"""A real nginx with the configuration of the manual, made to fit a test."""

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.cli.processes import find_free_port, listens, wait_until

MANUAL = Path(__file__).parents[3] / "docs" / "operations" / "playback.md"
PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

_AROUND = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    {server}
}}
"""


def configuration() -> str:
    """The block of the manual."""
    found = re.search(r"```nginx\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert found, "the manual shows no configuration"
    return found[1]


def _replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"the manual has no {old}"
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def nginx(folder: Path, media: Path, behind: int) -> Iterator[str]:
    """The address of a server that sends these media; whatever else goes to the port `behind`."""
    port = find_free_port()
    server = _replaced(
        configuration(),
        {
            "listen 80;": f"listen 127.0.0.1:{port};",
            "/var/lib/matinee/media": str(media),
            "127.0.0.1:8000": f"127.0.0.1:{behind}",
        },
    )
    # a master that is root would have a user without rights to the files read them
    user = "user root;" if folder.owner() == "root" else ""
    (folder / "nginx.conf").write_text(user + _AROUND.format(folder=folder, server=server))
    assert PROGRAM is not None
    with subprocess.Popen([PROGRAM, "-p", folder, "-c", folder / "nginx.conf"]) as process:
        try:
            wait_until(lambda: listens(port) or process.poll() is not None)
            assert process.poll() is None, (folder / "error.log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
