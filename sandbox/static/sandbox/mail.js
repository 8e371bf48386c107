// Times in the reader's own form; the row under the reader's eyes stays where it is when new mail is put above it.
(function () {
  function localTimes() {
    for (const time of document.querySelectorAll(".sm time[datetime]:not([data-local])")) {
      const moment = new Date(time.dateTime);
      time.title = moment.toLocaleString();
      time.dataset.local = "";
      const isToday = time.closest("#sm-list") && moment.toDateString() === new Date().toDateString();
      time.textContent = isToday
        ? moment.toLocaleTimeString()
        : moment.toLocaleString(undefined, {dateStyle: "short", timeStyle: time.closest("#sm-list") ? "short" : "medium"});
    }
  }

  let anchor = null;

  function remember() {
    anchor = null;
    for (const row of document.querySelectorAll("#sm-rows tr[id]")) {
      const top = row.getBoundingClientRect().top;
      if (top >= 0) {
        const first = document.querySelector("#sm-rows tr[id]").getBoundingClientRect().top;
        // At the top of the list the newest is what the reader waits for.
        if (first < 0) anchor = {id: row.id, top: top};
        return;
      }
    }
  }

  function restore() {
    localTimes();
    const row = anchor && document.getElementById(anchor.id);
    if (row) window.scrollBy(0, row.getBoundingClientRect().top - anchor.top);
  }

  document.addEventListener("DOMContentLoaded", function () {
    localTimes();
    document.body.addEventListener("htmx:beforeSwap", remember);
    document.body.addEventListener("htmx:afterSwap", restore);
    document.body.addEventListener("submit", function (event) {
      const question = event.target.dataset.confirm;
      if (question && !window.confirm(question)) event.preventDefault();
    });
  });
})();
