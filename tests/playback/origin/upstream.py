"""A server of somebody else's channel on this machine, which passes for the internet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from matinee.core.safe_fetch import Reach

HOST = "tv.example"


class Upstream:
    """Answers by path; what is not there is 404. `asked` are the requests: path and headers."""

    def __init__(self) -> None:
        self.port = 0
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.content_type = "video/mp2t"
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.delay = 0.0

    @property
    def reach(self) -> Reach:
        """The way to it, and to nothing else."""
        return Reach(self._resolve, lambda address: address == "127.0.0.1", lambda _port: True)

    async def _resolve(self, host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == HOST else ["10.0.0.1"]

    def url(self, path: str) -> str:
        """The address of a file."""
        return f"http://{HOST}:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        path = lines[0].split(" ")[1]
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        self.asked.append((path, headers))
        await asyncio.sleep(self.delay)
        if path in self.redirects:
            head = f"HTTP/1.1 302 Found\r\nlocation: {self.redirects[path]}\r\n"
        else:
            head = f"HTTP/1.1 {'200 OK' if path in self.files else '404 Not Found'}\r\n"
            head += f"content-type: {self.content_type}\r\n"
        body = self.files.get(path, b"")
        writer.write(f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode())
        writer.write(body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    """The server, as long as the block lasts."""
    site = Upstream()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site
