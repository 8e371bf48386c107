// Every report page: figures that refresh by themselves, the reader's time zone, and keys in the search box.
(function () {
    "use strict";

    // The server answers 204 in about a millisecond while nothing has changed.
    const POLL_MS = 1000;
    const report = document.getElementById("report");
    const live = document.getElementById("live");
    const dot = document.getElementById("live-dot");
    const text = document.getElementById("live-text");
    const pause = document.getElementById("pause");

    let paused = sessionStorage.getItem("reports-paused") === "1";
    let lost = false;

    function show() {
        dot.dataset.state = paused ? "paused" : lost ? "lost" : "live";
        text.textContent = paused ? "Paused" : lost ? "No connection" : "Live";
        pause.textContent = paused ? "Resume" : "Pause";
        pause.setAttribute("aria-pressed", String(paused));
    }

    function refresh() {
        if (!paused && document.visibilityState === "visible") {
            htmx.trigger(live, "refresh");
        }
    }

    pause.addEventListener("click", function () {
        paused = !paused;
        sessionStorage.setItem("reports-paused", paused ? "1" : "0");
        show();
        refresh();
    });

    document.addEventListener("visibilitychange", refresh);

    live.addEventListener("htmx:afterRequest", function (event) {
        const answer = event.detail.xhr;
        lost = !event.detail.successful;
        // A session that has ended is answered with the login page.
        if (answer.status === 403 || (answer.responseURL && !answer.responseURL.includes("/figures/"))) {
            window.location.reload();
            return;
        }
        report.dataset.refreshed = String(Number(report.dataset.refreshed || 0) + 1);
        show();
    });

    // The zone that presets are rounded in and times are shown in, unless the address names one.
    function useOwnZone() {
        const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
        if (!own || report.dataset.zoneFixed || own === report.dataset.zone) {
            return;
        }
        document.cookie = "momentum_zone=" + encodeURIComponent(own) + "; path=/; max-age=31536000; SameSite=Lax";
        // Once: a browser may refuse cookies, and a server may not know its zone.
        if (sessionStorage.getItem("reports-zone") !== own) {
            sessionStorage.setItem("reports-zone", own);
            window.location.reload();
        }
    }

    const search = document.getElementById("search");
    const suggestions = document.getElementById("suggestions");

    function offered() {
        return Array.from(suggestions.querySelectorAll("a"));
    }

    search.form.addEventListener("keydown", function (event) {
        const links = offered();
        const at = links.indexOf(document.activeElement);
        if (event.key === "Escape") {
            suggestions.replaceChildren();
            search.focus();
        } else if (event.key === "ArrowDown" && links.length) {
            event.preventDefault();
            links[Math.min(at + 1, links.length - 1)].focus();
        } else if (event.key === "ArrowUp" && at >= 0) {
            event.preventDefault();
            (at === 0 ? search : links[at - 1]).focus();
        }
    });

    function opened() {
        return Array.from(document.querySelectorAll(".rp-custom[open]"));
    }

    document.addEventListener("click", function (event) {
        if (!search.form.contains(event.target)) {
            suggestions.replaceChildren();
        }
        opened().forEach(function (custom) {
            custom.open = custom.contains(event.target);
        });
    });

    document.addEventListener("keydown", function (event) {
        if (event.key === "Escape") {
            opened().forEach(function (custom) {
                custom.open = false;
                custom.querySelector("summary").focus();
            });
        }
    });

    // On a narrow screen the menu and the tabs scroll: what is chosen has to be seen.
    document.querySelectorAll(".rp-menu [aria-current]").forEach(function (entry) {
        const menu = entry.parentElement;
        menu.scrollLeft = entry.offsetLeft - menu.offsetLeft - (menu.clientWidth - entry.offsetWidth) / 2;
    });

    // The names of time zones are the browser's own.
    document.getElementById("zone-picker").addEventListener("toggle", function () {
        const zones = document.getElementById("zones");
        if (zones.children.length === 0 && Intl.supportedValuesOf) {
            zones.append(...["UTC"].concat(Intl.supportedValuesOf("timeZone")).map(function (name) {
                return new Option(name, name);
            }));
        }
    });

    document.addEventListener("DOMContentLoaded", function () {
        show();
        useOwnZone();
        window.setInterval(refresh, POLL_MS);
    });
})();
