"""Somebody else's site that shows the widget: another origin, with a policy as strict as it goes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PLAIN = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Docs</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="/settings.js"></script></head>
<body><main><h1>Self-hosting</h1><p>{filler}</p><a href="#more">Read on</a></main>
</body></html>"""
WIDGET = '<script async src="{desk}/chat/docs/widget.js" crossorigin="anonymous"></script>'
PAGE = PLAIN.replace("</body>", f"{WIDGET}</body>")


@contextmanager
def site(desk: str, *, name: str = "localhost", settings: str = "") -> Iterator[str]:
    """Serve the page at `/`, without the widget at `/plain`, without a policy at `/bare`.

    Gives its origin. `settings` is the site's own script, which runs before the widget is there.
    """
    policy = (
        f"default-src 'none'; script-src 'self' {desk}; frame-src {desk}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            known = {"/": PAGE, "/start": PAGE, "/bare": PAGE, "/plain": PLAIN}.get(path)
            script = path == "/settings.js"
            kind = "text/javascript" if script else "text/html; charset=utf-8"
            self.send_response(200 if known or script else 204)
            self.send_header("Content-Type", kind)
            if path != "/bare":
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            if script:
                self.wfile.write(settings.encode())
            elif known:
                self.wfile.write(known.format(desk=desk, filler="Keep state. " * 200).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{name}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
