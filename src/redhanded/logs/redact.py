"""Secrets and personal data out of text, so that equal values stay recognisable as equal."""

from __future__ import annotations

import hashlib
import re

_SECRET_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret|api[_-]?key|access[_-]?key|private[_-]?key|auth(?:orization)?"
    r"|(?:access|refresh|id|auth|session|bearer|csrf|xsrf|api)?[_-]?token|credentials?|cookie"
    r"|set-cookie|session(?:[_-]?id)?|x-api-key|signature|sig|otp|pin|cvv|cvc|ssn|iban|passcode|account[_-]?key|shared[_-]?access[_-]?key"
    r"|client[_-]?secret|webhook[_-]?secret|encryption[_-]?key|signing[_-]?key|dsn"
)
_QUOTE = r"\\{0,3}[\"']"
_NAMED_SECRET = re.compile(
    rf"(?P<head>(?<![A-Za-z<])(?:[\w-]*[_-])?(?:{_SECRET_NAMES})(?:{_QUOTE})?\s*(?:=>|[:=])\s*)"
    rf"(?:(?P<quote>{_QUOTE})(?P<quoted>.*?)(?P=quote)|(?P<bare>(?![<>\[{{])[^\s\"',;&}}\]]+))",
    re.IGNORECASE,
)
_CAMEL_SECRET = re.compile(
    rf"(?P<head>[a-z](?:Password|Secret|Token|ApiKey|AccessKey|PrivateKey|Signature|Cookie)"
    rf"(?:{_QUOTE})?\s*(?:=>|[:=])\s*)"
    rf"(?:(?P<quote>{_QUOTE})(?P<quoted>.*?)(?P=quote)|(?P<bare>(?![<>\[{{])[^\s\"',;&}}\]]+))"
)
_COOKIES = re.compile(
    rf"(?P<head>(?<![\w-])(?:set-)?cookie(?:{_QUOTE})?\s*[:=]\s*(?:{_QUOTE})?)"
    r"(?P<bare>[\w.%-]+=[^\s;,\"'\\<]+(?:;\s*[\w.%-]+(?:=[^\s;,\"'\\]*)?)*)",
    re.IGNORECASE,
)
_OPTION = re.compile(
    rf"(?P<head>(?<![\w-])--(?:[\w-]*-)?(?:{_SECRET_NAMES})\s+)(?P<bare>(?![<-])[^\s\"']+)", re.I
)
_IN_SQL = re.compile(
    r"(?P<head>\b(?:password|identified\s+by|secret)\s+)(?P<quote>')(?P<quoted>(?!<)[^']+)'", re.I
)
_ELEMENT = re.compile(
    rf"(?P<head><(?P<name>(?:[\w-]*[_:-])?(?:{_SECRET_NAMES}))>)(?P<bare>[^<]+)(?=</(?P=name)>)",
    re.I,
)
_NAMED_VALUE = re.compile(
    rf"(?P<head>{_QUOTE}(?:name|key|header){_QUOTE}\s*:\s*{_QUOTE}(?:[\w-]*[_-])?(?:{_SECRET_NAMES})"
    rf"{_QUOTE}\s*,\s*{_QUOTE}value{_QUOTE}\s*:\s*)(?P<quote>{_QUOTE})(?P<quoted>.*?)(?P=quote)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(?P<head>(?:bearer|basic)\s+)(?P<bare>[A-Za-z0-9._~+/=-]{8,})", re.I)
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
_URL_PASSWORD = re.compile(
    r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@\"']*:)(?P<bare>[^\s@/\"']+)(?=@)"
)
_URL_KEY = re.compile(
    r"(?P<head>\bhttps?://)(?P<bare>[A-Za-z0-9_-]{16,})(?=@[A-Za-z0-9])"
    r"|(?P<place>\bhttps://hooks\.slack\.com/(?:services|workflows)/)(?P<path>[\w/-]+)"
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL
)
_PROVIDER_KEY = re.compile(
    r"\b(?:(?:sk|rk|pk)_(?:live|test)_\w{8,}|whsec_\w{8,}|gh[pousr]_\w{20,}|github_pat_\w{20,}"
    r"|xox[abeoprs]-[\w-]{10,}|A(?:KI|SI|RO|ID)A[A-Z0-9]{16}|AIza[\w-]{30,}|glpat-[\w-]{16,}|npm_\w{30,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|sk-[A-Za-z0-9-_]{20,}|hf_[A-Za-z0-9]{30,}|dop_v1_[0-9a-f]{60,}|shp(?:at|ss|ca|pa)_\w{20,}"
    r"|pypi-[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|xapp-[\w-]{20,}|dapi[0-9a-f]{32}"
    r"|NRAK-[A-Z0-9]{20,}|SK[0-9a-f]{32}|\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])|gl(?:dt|rt|cbt)-[\w-]{16,}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,}|key-[0-9a-f]{32})"
)
_EMAIL = re.compile(
    r"(?P<local>[A-Za-z0-9._%+-]+)(?=@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})"
)
_IBAN = re.compile(r"(?<![\w])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w])")
_PHONE = re.compile(r"(?<![\w+.:-])\+[1-9](?:[ ()-]{0,2}\d){8,14}(?![\w:])")
_SOCIAL = re.compile(r"(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_CARD = re.compile(
    r"(?<![\w.])(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d|3[47]\d\d)"
    r"(?:[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}|[ -]?\d{6}[ -]?\d{5})(?![\w.]*\d)"
)  # fmt: skip


def redact(text: str) -> str:
    """``text`` with secrets, card, bank account, telephone and social security numbers and the
    local parts of e-mail addresses replaced.

    Each is replaced by its kind and four hexadecimal digits of its SHA-256, e.g. ``<email:3fa1>``:
    equal values stay equal, and 16 bits do not give the value back. Redacting twice changes
    nothing.
    """
    text = _KEY_BLOCK.sub(lambda match: _mark("key", match[0]), text)
    if "ookie" in text or "OOKIE" in text:
        text = _COOKIES.sub(_secret, text)
    for pattern in (_NAMED_VALUE, _ELEMENT, _OPTION, _IN_SQL):
        text = pattern.sub(_secret, text)
    text = _NAMED_SECRET.sub(_secret, text)
    text = _CAMEL_SECRET.sub(_secret, text)
    text = _BEARER.sub(_secret, text)
    text = _URL_PASSWORD.sub(_secret, text)
    if "://" in text:
        text = _URL_KEY.sub(_url_key, text)
    text = _JWT.sub(lambda match: _mark("token", match[0]), text)
    text = _PROVIDER_KEY.sub(lambda match: _mark("key", match[0]), text)
    if "@" in text:
        text = _EMAIL.sub(lambda match: _mark("email", match[0].lower()), text)
    text = _IBAN.sub(_iban, text)
    text = _PHONE.sub(lambda match: _mark("phone", re.sub(r"\D", "", match[0])), text)
    text = _SOCIAL.sub(lambda match: _mark("ssn", match[0]), text)
    return _CARD.sub(_card, text)


def _mark(kind: str, value: str) -> str:
    return f"<{kind}:{hashlib.sha256(value.encode(errors='replace')).hexdigest()[:4]}>"


def _secret(match: re.Match[str]) -> str:
    groups = match.groupdict()
    quote = groups.get("quote") or ""
    value = groups["bare"] if groups.get("bare") is not None else groups.get("quoted") or ""
    if not value or value in ("true", "false", "null", "undefined", "None") or value[0] == "<":
        return match[0]
    if value.lower() in ("bearer", "basic"):
        return match[0]
    return f"{match['head']}{quote}{_mark('secret', value)}{quote}"


def _url_key(match: re.Match[str]) -> str:
    if match["place"]:
        return f"{match['place']}{_mark('secret', match['path'])}"
    return f"{match['head']}{_mark('secret', match['bare'])}"


def _iban(match: re.Match[str]) -> str:
    """ISO 13616: the number with its first four characters last leaves 1 by 97."""
    value = match[0].replace(" ", "")
    number = "".join(str(int(character, 36)) for character in value[4:] + value[:4])
    return _mark("iban", value) if len(value) >= 15 and int(number) % 97 == 1 else match[0]


def _card(match: re.Match[str]) -> str:
    digits = [int(character) for character in match[0] if character.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    if (sum(digits[-1::-2]) + sum(doubled)) % 10:
        return match[0]
    return _mark("card", "".join(map(str, digits)))
