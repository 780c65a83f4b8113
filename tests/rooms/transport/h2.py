"""One HTTP/2 connection, frame by frame: for what libraries hide, such as a server that tells its connections to go."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

from hpack import Decoder, Encoder
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, SettingsFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclass
class Connection:
    """A client's side."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    authority: str
    encoder: Encoder = field(default_factory=Encoder)
    decoder: Decoder = field(default_factory=Decoder)
    told_to_go: bool = False
    status: dict[int, int] = field(default_factory=dict)
    content: dict[int, bytes] = field(default_factory=dict)

    def ask(self, stream: int, path: str, **headers: str) -> None:
        """Send a GET on this stream."""
        fields = [(":method", "GET"), (":scheme", "https"), (":authority", self.authority), (":path", path)]
        frame = HeadersFrame(stream, data=self.encoder.encode([*fields, *headers.items()]))
        frame.flags |= {"END_HEADERS", "END_STREAM"}
        self.writer.write(frame.serialize())

    async def answered(self, stream: int) -> tuple[int, bytes]:
        """Status and content of the answer on this stream."""
        while "END_STREAM" not in (frame := await self._next()).flags or frame.stream_id != stream:
            pass
        return self.status[stream], self.content.get(stream, b"")

    async def gone(self) -> None:
        """Until the server has closed."""
        try:
            while True:
                await self._next()
        except asyncio.IncompleteReadError:
            self.writer.close()

    async def _next(self) -> Frame:
        frame, length = Frame.parse_frame_header(memoryview(await self.reader.readexactly(9)))
        frame.parse_body(memoryview(await self.reader.readexactly(length)))
        if isinstance(frame, HeadersFrame):
            self.status[frame.stream_id] = int(dict(self.decoder.decode(frame.data))[":status"])
        elif isinstance(frame, DataFrame):
            self.content[frame.stream_id] = self.content.get(frame.stream_id, b"") + frame.data
        elif isinstance(frame, GoAwayFrame):
            self.told_to_go = True
        elif isinstance(frame, PingFrame) and "ACK" not in frame.flags:
            self.writer.write(PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]).serialize())
        return frame


async def connect(port: int, context: ssl.SSLContext) -> Connection:
    """Connect, and agree on HTTP/2 by ALPN."""
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.write(PREFACE + SettingsFrame(0).serialize())
    return Connection(reader, writer, f"127.0.0.1:{port}")
