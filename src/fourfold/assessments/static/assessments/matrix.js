// The score as it forms. Without this the button "Work out the score" does the same: the server alone knows the model.
const form = document.getElementById("matrix");
const panel = document.getElementById("so-far");
const WAIT_MS = 300;
let waiting = 0;
let asked = 0;

const workOut = async () => {
  const mine = ++asked;
  try {
    const answer = await fetch(form.dataset.workOut, { method: "POST", body: new FormData(form), credentials: "same-origin" });
    if (!answer.ok || mine !== asked) return;
    panel.innerHTML = await answer.text();
  } catch {
    // No connection: what stands at the side stays, and the button still works later.
  }
};

if (form && panel) {
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(workOut, WAIT_MS);
  };
  form.addEventListener("change", soon);
  form.addEventListener("submit", () => clearTimeout(waiting));
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea")) soon();
  });
}
