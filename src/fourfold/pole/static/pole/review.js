// One key for each button of a pair, arrows to move, Z to undo. Every button and link works without this.
const form = document.querySelector("[data-review]");
const undo = document.querySelector("[data-undo]");
const choice = document.querySelector("[data-keys]");
const box = choice && choice.querySelector("input");
const KEPT = "fourfold:review-keys";
const typing = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const moves = { ArrowLeft: "prev", ArrowRight: "next" };
let sent = false;

if (choice) {
  choice.hidden = false;
  box.checked = localStorage.getItem(KEPT) !== "off";
  box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
}

const once = (submit) => {
  if (sent) return;
  sent = true;
  submit();
};

for (const each of [form, undo]) {
  if (!each) continue;
  each.addEventListener("submit", (event) => {
    if (each.dataset.sent) event.preventDefault();
    each.dataset.sent = "yes";
  });
}

addEventListener("pageshow", () => {
  sent = false;
  for (const each of [form, undo]) if (each) delete each.dataset.sent;
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest(typing)) return;
  if (box && !box.checked) return;
  const key = event.key.toUpperCase();
  const button = form && form.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (button) {
    event.preventDefault();
    once(() => form.requestSubmit(button));
  } else if (key === "Z" && undo) {
    event.preventDefault();
    once(() => undo.requestSubmit());
  } else if (moves[event.key]) {
    const link = document.querySelector(`a[rel=${moves[event.key]}]`);
    if (link) once(() => link.click());
  }
});
