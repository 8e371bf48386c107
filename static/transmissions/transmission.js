// One transmission: progress that refreshes by itself while there is some and somebody looks, times in the reader's
// own form, and a question before anything is stopped.
(function () {
    "use strict";

    let timer = null;

    function localTimes() {
        for (const time of document.querySelectorAll(".tm time[datetime]:not([data-local])")) {
            const moment = new Date(time.dateTime);
            time.dataset.local = "";
            time.title = moment.toLocaleString();
            const timeStyle = time.closest("table") ? "short" : "medium";
            time.textContent = moment.toLocaleString(undefined, {dateStyle: "medium", timeStyle: timeStyle});
        }
    }

    function refreshLater() {
        window.clearTimeout(timer);
        const live = document.getElementById("tm-live");
        const pause = live ? Number(live.dataset.refresh) : 0;
        if (pause && document.visibilityState === "visible") {
            timer = window.setTimeout(() => htmx.trigger("#tm-live", "refresh"), pause);
        }
    }

    document.addEventListener("visibilitychange", refreshLater);

    document.addEventListener("DOMContentLoaded", function () {
        localTimes();
        refreshLater();
        document.body.addEventListener("htmx:afterRequest", function (event) {
            const answer = event.detail.xhr;
            // A session that has ended is answered with the login page.
            if (answer.status === 403 || (answer.responseURL && !answer.responseURL.includes("/progress/"))) {
                window.location.reload();
                return;
            }
            localTimes();
            refreshLater();
        });
        document.body.addEventListener("submit", function (event) {
            const question = event.target.dataset.confirm;
            if (question && !window.confirm(question)) {
                event.preventDefault();
            }
        });
    });
})();
