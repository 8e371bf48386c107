"""Short ways to compile and render in tests."""

from dataclasses import dataclass, field
from typing import Any

from transmissions.language import LinkSite, Pixels, Program, Scope, compile_part

SNIPPETS = {"foot": {"html": "<hr>{{y}}", "text": "(c) {{y}}"}}


@dataclass
class Clicks:
    """A tracker that shows a tracked link as `T(target)` and remembers what it was asked for."""

    captured: list[dict[str, Any]] = field(default_factory=list)
    sites: list[LinkSite] = field(default_factory=list)

    def __call__(self, site: LinkSite, target: str, name: str) -> str:
        self.sites.append(site)
        self.captured.append(
            {"target": target, "name": name, "unsubscribe": site.unsubscribe, "sublink": site.sublink}
        )
        return f"T({target})"

    @property
    def targets(self) -> list[str]:
        return [click["target"] for click in self.captured]


def compiled(part: str, template: str, **options: Any) -> Program[str]:
    return compile_part(part, template, find_snippet=SNIPPETS.get, **options)


def rendered(part: str, template: str, data: dict[str, Any] | None = None, **options: Any) -> str:
    scope = Scope(transmission_data=data or {}, email="io@example.org")
    return "".join(compiled(part, template, **options).render(scope))


def tracked(part: str, template: str, data: dict[str, Any] | None = None) -> tuple[str, Clicks]:
    clicks = Clicks()
    scope = Scope(transmission_data=data or {}, email="io@example.org")
    return "".join(compiled(part, template).render(scope, clicks)), clicks


def with_pixels(template: str, data: dict[str, Any] | None = None) -> str:
    pieces = compiled("html", template).render(
        Scope(transmission_data=data or {}), None, Pixels("[top]", "[bottom]")
    )
    return "".join(pieces)
