// A column that becomes one key of the data has a field for that key; the others hide theirs.
for (const column of document.querySelectorAll("[data-column]")) {
  const target = column.querySelector("select");
  const key = column.querySelector("[data-key]");
  const show = () => { key.hidden = !target.selectedOptions[0].hasAttribute("data-takes-key"); };
  target.addEventListener("change", show);
  show();
}
