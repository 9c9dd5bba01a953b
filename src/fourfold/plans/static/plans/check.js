// Asks the server what the rules say of an action while it is typed. Without it the button "Check without saving" does.
const place = document.querySelector("[data-check]");
const form = place && document.getElementById(place.dataset.of);
const PAUSE_MS = 800;

let waiting;
let asked = 0;

const show = (faults) => {
  const list = document.createElement(faults.length ? "ul" : "p");
  list.className = faults.length ? "govuk-list ff-faults" : "govuk-body";
  if (!faults.length) list.textContent = "The rules find nothing to mend in this action.";
  for (const fault of faults) {
    const item = document.createElement("li");
    item.textContent = fault;
    list.append(item);
  }
  place.replaceChildren(list);
};

const check = async () => {
  const mine = ++asked;
  const answer = await fetch(place.dataset.check, { method: "POST", body: new FormData(form), credentials: "same-origin" });
  if (!answer.ok || mine !== asked) return;
  const { faults } = await answer.json();
  if (place.textContent.trim() !== faults.join("")) show(faults);
};

if (form) {
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => check().catch(() => {}), PAUSE_MS);
  };
  form.addEventListener("input", soon);
  // What was typed before this script had come.
  if ([...form.elements].some((each) => "defaultValue" in each && each.value !== each.defaultValue)) soon();
}
