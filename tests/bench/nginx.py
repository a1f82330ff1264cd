"""nginx before two processes, much as `deploy/nginx.conf` has it. Without nginx the figures behind it are left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.floor import reachable
from tests.served import free_port

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream twofold {{
        {servers}
        keepalive 16;
        keepalive_timeout 5s;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 1m;
        location / {{
            proxy_pass http://twofold;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


@contextmanager
def before(*ports: int) -> Iterator[int]:
    """The proxy's port; 0, said aloud, when there is no nginx."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        sys.stderr.write("bin/bench: LEFT OUT: everything behind a proxy. On Debian: apt-get install nginx-light\n")
        yield 0
        return
    with tempfile.TemporaryDirectory(prefix="twofold-nginx-") as folder:
        Path(folder).chmod(0o755)  # as root its workers are somebody else
        port = free_port()
        servers = "\n        ".join(f"server 127.0.0.1:{each};" for each in ports)
        file = Path(folder) / "nginx.conf"
        file.write_text(CONFIGURATION.format(folder=folder, servers=servers, port=port), encoding="ascii")
        process = subprocess.Popen([program, "-c", str(file), "-e", f"{folder}/error.log"])
        try:
            reachable(port)
            yield port
        finally:
            process.terminate()
            process.wait(20)
