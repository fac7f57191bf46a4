"""Signatures of SWR's management API for `requests`, made without its SDK: SDK-HMAC-SHA256."""

import hashlib
import hmac
from datetime import datetime, timezone
from urllib.parse import quote, unquote_to_bytes, urlsplit

import requests

ALGORITHM = "SDK-HMAC-SHA256"


class Signed(requests.auth.AuthBase):
    """Signs a request as it is sent."""

    def __init__(self, access_key, secret_key):
        self.access_key, self.secret_key = access_key, secret_key.encode()

    def __call__(self, request):
        parts = urlsplit(request.url)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        date = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        path = "/".join(quote(piece, safe="-_.~") for piece in unquote_to_bytes(parts.path).split(b"/"))
        path = path if path.endswith("/") else path + "/"
        pairs = []
        for pair in filter(None, parts.query.split("&")):
            name, _, value = pair.partition("=")
            pairs.append((unquote_to_bytes(name), unquote_to_bytes(value)))
        query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(pairs))
        headers = f"host:{parts.netloc}\nx-sdk-date:{date}\n"
        canonical = f"{request.method}\n{path}\n{query}\n{headers}\nhost;x-sdk-date\n{hashlib.sha256(body).hexdigest()}"
        text = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self.secret_key, text.encode(), hashlib.sha256).hexdigest()
        request.headers["Host"] = parts.netloc
        request.headers["X-Sdk-Date"] = date
        request.headers["Authorization"] = f"{ALGORITHM} Access={self.access_key}, SignedHeaders=host;x-sdk-date, Signature={signature}"
        return request
