// Times in the reader's own form.
document.addEventListener("DOMContentLoaded", function () {
  for (const time of document.querySelectorAll(".tp time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = moment.toLocaleString();
    time.textContent = moment.toLocaleString(undefined, {dateStyle: "short", timeStyle: "short"});
  }
});
