"""The way of a browser to an identity provider, and to whoever else a form is carried to."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

import falcon

from contracts.rpc import identity
from gateway.edge.security_headers import content_security_policy
from gateway.visit import visit_of
from gateway.visitors import LoginAttempt
from gateway.web.site import Site


def send_to_provider(
    site: Site, req: falcon.Request, resp: falcon.Response, started: identity.StartLogin, attempt: LoginAttempt
) -> None:
    """Send the browser to its identity provider, bound to us by a cookie."""
    visit = visit_of(req)
    visit.browser.need_cookie()
    attempt = replace(attempt, relay_state=_relay_state_of(started))
    visit.cookies.write_logins(resp, [*visit.cookies.read_logins(req), attempt])
    if started.form_fields:
        carry_by_form(site, req, resp, started.redirect_url, started.form_fields, template="login_post.html")
        return
    # 302 and not 303: AgID's conformance tool knows no other (spid.md section 3.1, trap 1).
    resp.status = HTTPStatus.FOUND
    resp.location = started.redirect_url


def carry_by_form(
    site: Site, req: falcon.Request, resp: falcon.Response, action: str, fields: Mapping[str, str], *, template: str
) -> None:
    """Write a page whose form carries `fields` to another site: by itself with a script, by its button without."""
    target = urlsplit(action)
    # The whole origin: CSP knows no query, and the address may lead on to another page of the same site.
    resp.set_header("Content-Security-Policy", content_security_policy((f"{target.scheme}://{target.netloc}",)))
    site.render(req, resp, template, offline=True, action=action, fields=fields)


def _relay_state_of(started: identity.StartLogin) -> str:
    """Return what the provider will send back beside its answer."""
    if started.form_fields:
        return started.form_fields.get("RelayState", "")
    return dict(parse_qsl(urlsplit(started.redirect_url).query)).get("RelayState", "")
