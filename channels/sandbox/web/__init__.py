"""Pages for people: OAuth, overview, phone; and the files that other pages show."""

from __future__ import annotations

from aiohttp import web

from channels.sandbox.web import files, oauth, pages


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", pages.to_overview)
    app.router.add_get("/sandbox", pages.to_overview)
    app.router.add_get("/sandbox/", pages.overview)
    app.router.add_get("/sandbox/phone/{userid}", pages.phone)
    app.router.add_get("/sandbox/static/{name}", pages.static)
    app.router.add_get("/sandbox/media/{media_id}", files.media)
    app.router.add_get("/sandbox/avatar/{person}.svg", files.avatar)
    app.router.add_get("/sandbox/qr/{config_id}.svg", files.qr_code)
    app.router.add_get("/sandbox/ca/{link_id}", pages.acquisition)
    app.router.add_get("/connect/oauth2/authorize", oauth.authorize)
    app.router.add_get("/wwlogin/sso/login", oauth.sso)
    app.router.add_get("/wwopen/sso/qrConnect", oauth.sso)
    app.router.add_get("/sandbox/oauth/pick", oauth.pick)
