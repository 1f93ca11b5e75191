"""The built site on a server of its own, and pages for readers of different surroundings."""

import gzip
import io
import threading
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DESKTOP, PHONE = (1280, 800), (390, 844)
PACKED = (".html", ".js", ".css", ".svg", ".json", ".ipynb")


@cache
def packed(path, _changed):
    """A file as hosts of web pages send it: what is text is compressed."""
    return gzip.compress(Path(path).read_bytes())


class Host(SimpleHTTPRequestHandler):
    """Serves a folder as a host of web pages does, and has each page fetched whole."""

    def send_head(self):
        """Called by the library, for the headers and a file to send."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in PACKED or not path.is_file():
            return super().send_head()
        body = packed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_arguments):
        pass


@contextmanager
def serving(folder):
    """The address of a server for the folder, as long as the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def opened(browser, size=DESKTOP, theme="light"):
    """An empty page of that size for a reader whose system is set to that theme."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
    )
    context.set_default_timeout(300_000)  # a machine that is busy is no fault of the page
    try:
        yield context.new_page()
    finally:
        context.close()
