// The template editor: tabs, line numbers, the frame of the preview, test data kept in this browser.
(function () {
  const editor = document.getElementById("tp-editor");
  const form = document.getElementById("te-form");
  const DESKTOP = 720;
  let isDirty = false;

  function field(id) {
    return document.getElementById(id);
  }

  // Tabs

  function choose(tab) {
    for (const button of editor.querySelectorAll("[role=tab]")) {
      const isChosen = button.dataset.tab === tab;
      button.setAttribute("aria-selected", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
      document.getElementById("panel-" + button.dataset.tab).hidden = !isChosen;
    }
    number(field(tab));
  }

  function move(event) {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const tabs = [...editor.querySelectorAll("[role=tab]")];
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    choose(next.dataset.tab);
    next.focus();
  }

  // Line numbers

  function number(area) {
    const lines = area.previousElementSibling;
    const count = area.value.split("\n").length;
    if (lines.dataset.count !== String(count)) {
      lines.dataset.count = String(count);
      lines.textContent = Array.from({length: Math.min(count, 20000)}, (_, index) => index + 1).join("\n");
    }
    lines.scrollTop = area.scrollTop;
  }

  function jump(place) {
    const area = field(place.dataset.field);
    if (!area) return;
    if (place.dataset.tab && document.getElementById("tab-" + place.dataset.tab)) choose(place.dataset.tab);
    area.focus();
    const line = Number(place.dataset.line);
    if (!line || area.tagName !== "TEXTAREA") return;
    const lines = area.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.setSelectionRange(start, start + (lines[line - 1] || "").length);
    area.scrollTop = (line - 3) * parseFloat(getComputedStyle(area).lineHeight);
    area.scrollIntoView({block: "nearest"});
  }

  // Preview

  function mark(result) {
    const problems = [...result.querySelectorAll(".tp-problems li")];
    const tabs = new Set(problems.map((problem) => problem.dataset.tab));
    const fields = new Set(problems.map((problem) => problem.dataset.field));
    for (const button of editor.querySelectorAll("[role=tab]")) {
      button.toggleAttribute("data-faulty", tabs.has(button.dataset.tab));
    }
    for (const input of form.querySelectorAll("input.tp-input")) {
      if (fields.has(input.id)) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    document.getElementById("tp-preview").toggleAttribute("data-stale", problems.length > 0);
  }

  function show() {
    const frame = document.getElementById("tp-frame");
    const text = document.getElementById("tp-document").value;
    frame.hidden = !text;
    // Loading again loses the place where the reader is: only if something has changed.
    if (text && frame.srcdoc !== text) frame.srcdoc = text;
  }

  function fit() {
    const width = document.querySelector("[data-pane=html]").clientWidth;
    if (width) document.getElementById("tp-frame").style.setProperty("--scale", String(Math.min(1, width / DESKTOP)));
  }

  function press(button, attribute) {
    for (const other of editor.querySelectorAll("[data-" + attribute + "]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  }

  // Test data

  function restore() {
    const area = field("test_data");
    const key = editor.dataset.storage;
    try {
      if (editor.hasAttribute("data-created") && localStorage.getItem(key) === null) {
        // The template had no id while its first test data were written.
        const first = localStorage.getItem("momentum.test-data");
        if (first !== null) localStorage.setItem(key, first);
        localStorage.removeItem("momentum.test-data");
      }
      if (!area.value) area.value = localStorage.getItem(key) || "";
    } catch (error) {
      // Storage may be forbidden: then the data live as long as the page.
    }
  }

  function keep() {
    try {
      localStorage.setItem(editor.dataset.storage, field("test_data").value);
    } catch (error) {
      // As above, or full.
    }
  }

  function localTimes() {
    for (const time of editor.querySelectorAll("time[datetime]")) {
      time.title = new Date(time.dateTime).toLocaleString();
      time.textContent = new Date(time.dateTime).toLocaleString(undefined, {dateStyle: "short", timeStyle: "short"});
    }
  }

  restore();
  localTimes();
  new ResizeObserver(fit).observe(document.querySelector("[data-pane=html]"));
  isDirty = document.querySelector("#tp-saved-problems .tp-problems") !== null;

  for (const area of form.querySelectorAll("textarea")) {
    number(area);
    area.addEventListener("input", () => number(area));
    area.addEventListener("scroll", () => { area.previousElementSibling.scrollTop = area.scrollTop; });
  }
  field("test_data").addEventListener("input", keep);
  form.addEventListener("input", (event) => { if (event.target.id !== "test_data") isDirty = true; });
  form.addEventListener("submit", () => { isDirty = false; });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty && !form.hasAttribute("data-readonly")) event.preventDefault();
  });

  editor.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.role === "tab" || button.getAttribute("role") === "tab") choose(button.dataset.tab);
    else if (button.classList.contains("tp-place")) jump(button);
    else if (button.dataset.show) {
      press(button, "show");
      for (const pane of editor.querySelectorAll("[data-pane]")) pane.hidden = pane.dataset.pane !== button.dataset.show;
    } else if (button.dataset.width) {
      press(button, "width");
      document.getElementById("tp-frame").classList.toggle("tp-mobile", button.dataset.width === "mobile");
    }
  });
  editor.querySelector("[role=tablist]").addEventListener("keydown", move);
  editor.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    else if (question) isDirty = false;
  });
  const address = document.getElementById("test_address");
  if (address) {
    address.addEventListener("keydown", (event) => {
      if (event.key === "Enter") document.getElementById("send-test").click();
    });
  }
  function say(target, words) {
    const note = document.createElement("p");
    note.className = "tp-problems";
    note.textContent = words;
    target.replaceChildren(note);
  }
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    // A session that has ended answers with the page for signing in.
    if (!event.detail.xhr.responseURL.includes("/login/")) return;
    event.detail.shouldSwap = false;
    say(event.detail.target, "You are signed out. Sign in in another tab, then go on here.");
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    say(event.detail.target, "The server could not answer (" + event.detail.xhr.status + ").");
  });
  document.body.addEventListener("htmx:sendError", (event) => {
    say(event.detail.target, "The server cannot be reached.");
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "tp-result") return;
    mark(event.target);
    show();
  });
  const first = document.querySelector("#tp-saved-problems .tp-place");
  if (first) jump(first);
})();
