// Every page works without this. It starts the components of GOV.UK and MoJ, and lets "/" jump to the search box.
import { initAll } from "../vendor/govuk-frontend.min.js";
import { initAll as initMoj } from "../vendor/moj-frontend.min.js";

initAll();
initMoj();

const typing = "input, textarea, select, [contenteditable]";
document.addEventListener("keydown", (event) => {
  const box = document.getElementById("search-box");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !box || event.target.closest(typing)) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// An open menu closes on Escape, and when something outside it is pressed.
const closeMenus = (except) => {
  for (const menu of document.querySelectorAll(".ff-menu[open]")) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest(".ff-menu[open]");
  closeMenus();
  if (menu) menu.querySelector("summary").focus();
});
