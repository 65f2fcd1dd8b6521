"""A person at a browser without script, who signs in and agrees: what stands between a client and its code.

Also a program, for clients in other languages: `person.py ADDRESS END USER PASSWORD [CODE]` opens the address, answers the
pages, and prints the first address that begins with END, or the text of the page where nothing is left to answer.
"""

import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar


class Person:
    """A browser of their own, and what they know. `code` is what a device shows."""

    def __init__(self, user_name, password, code=None):
        self._knows = {
            "userName": user_name, "login": user_name, "password": password, "decision": "accept", "code": code,
        }
        tls = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        self._browser = urllib.request.build_opener(
            _StaysHere, urllib.request.HTTPSHandler(context=tls), urllib.request.HTTPCookieProcessor(CookieJar()),
        )

    def open(self, address, end):
        """Answers page after page until one leads to `end`; the address with what was sent there."""
        form = None
        for _ in range(30):
            if address.startswith(end):
                return address
            answer = self._ask(address, form)
            form, page = None, _Page()
            page.feed(answer.read().decode())
            if 300 <= answer.status < 400:
                address = urllib.parse.urljoin(address, answer.headers["Location"])
                continue
            assert answer.status == 200, (answer.status, address, page.said())
            if page.onward or page.provider:
                address = urllib.parse.urljoin(address, page.onward or page.provider)
                continue
            chosen = page.form(self._knows)
            if chosen is None:
                return page.said()
            target = urllib.parse.urljoin(address, chosen.action or address)
            fields = chosen.filled(self._knows)
            if target.startswith(end):
                return f"{target}?{urllib.parse.urlencode(fields)}"
            address, form = target, fields
        raise AssertionError(f"thirty pages, and no end: {address}")

    def _ask(self, address, form):
        data = None if form is None else urllib.parse.urlencode(form).encode()
        # As a browser says where a request comes from.
        headers = {"Accept": "text/html", "Accept-Language": "en", "Sec-Fetch-Site": "none" if form is None else "same-origin"}
        try:
            return self._browser.open(urllib.request.Request(address, data, headers))
        except urllib.error.HTTPError as answer:
            return answer


class _StaysHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class _Form:
    def __init__(self, action):
        self.action, self.fields, self.buttons = action, {}, []

    def filled(self, knows):
        fields = {name: knows.get(name) or value for name, value in self.fields.items()}
        fields.update({name: value for name, value in self.buttons if knows.get(name) == value})
        return fields


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.onward, self.provider, self._text, self._asked = [], None, None, [], []

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "meta" and of.get("http-equiv") == "refresh":
            self.onward = of["content"].split("url=", 1)[1]
        elif tag == "a" and of.get("href", "").startswith("/signin/with/"):
            self.provider = of["href"]
        elif tag == "form":
            self.forms.append(_Form(of.get("action")))
            self._asked.append(set())
        elif tag == "input" and self.forms and of.get("name") and of.get("type") != "checkbox":
            self.forms[-1].fields[of["name"]] = of.get("value") or ""
            if of.get("type") != "hidden":
                self._asked[-1].add(of["name"])
        elif tag == "button" and self.forms and of.get("name"):
            self.forms[-1].buttons.append((of["name"], of.get("value") or ""))
            self._asked[-1].add(of["name"])

    def handle_data(self, data):
        self._text.append(data.strip())

    def form(self, knows):
        """The first form that asks for something that the person knows; else one with nothing to type but something to say."""
        known = {name for name, value in knows.items() if value}
        for form, asked in zip(self.forms, self._asked):
            if asked & known:
                return form
        return next((form for form in self.forms if form.fields.keys() - {"csrf"}), None)

    def said(self):
        return " ".join(word for word in self._text if word)


if __name__ == "__main__":
    start, end_at, user, secret, *rest = sys.argv[1:]
    print(Person(user, secret, *rest).open(start, end_at))
