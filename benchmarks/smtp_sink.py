"""An SMTP server that takes everything and keeps nothing, as fast as asyncio goes; a process of its own."""

import asyncio
import sys
from typing import cast

import uvloop

EHLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n"
REPLIES = {b"EHLO": EHLO, b"HELO": b"250 sink\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.rest = b""
        self.is_in_data = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        rest, replies = self.rest + data, []
        while True:
            mark = END if self.is_in_data else b"\r\n"
            end = rest.find(mark)
            if end < 0:
                break
            line, rest = rest[:end], rest[end + len(mark) :]
            if self.is_in_data:
                self.is_in_data = False
                replies.append(b"250 taken\r\n")
                continue
            verb = line[:4].upper()
            self.is_in_data = verb == b"DATA"
            replies.append(REPLIES.get(verb, b"250 ok\r\n"))
        self.rest = rest
        self.transport.write(b"".join(replies))


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
