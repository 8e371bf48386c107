// A file over the limit is refused here already: a server that stops reading cannot show its answer in every browser.
for (const form of document.querySelectorAll("form[data-max-bytes]")) {
  const file = form.querySelector("input[type=file]");
  const refusal = form.querySelector("[data-refusal]");
  const isTooLarge = () => file.files.length > 0 && file.files[0].size > Number(form.dataset.maxBytes);
  file.addEventListener("change", () => {
    refusal.textContent = form.dataset.tooLarge;
    refusal.hidden = !isTooLarge();
  });
  form.addEventListener("submit", (event) => {
    if (isTooLarge()) event.preventDefault();
  });
}
