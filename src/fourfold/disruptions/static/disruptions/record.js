// Every question can be answered without this. It shows them one at a time, saves as you go, and keeps what was typed
// on the device while there is no connection: locked, so that nobody reads it there without this person's sign-in.
const PREFIX = "fourfold:disruption:";
const SAVE_AFTER_MS = 400;
const TRY_AGAIN_MS = 5000;
const DAY_MS = 86400000;
const KEPT_MS = 7 * DAY_MS;
const NOT_KEPT = new Set(["csrfmiddlewaretoken", "act"]);
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = (array) => btoa(String.fromCharCode(...new Uint8Array(array)));

// The device's own keeping place. Without a secure connection there is no lock, and then nothing is kept on it.
class Device {
  constructor(name, lock) {
    this.name = PREFIX + name;
    this.lock = globalThis.crypto?.subtle
      ? crypto.subtle.importKey("raw", bytes(lock), "AES-GCM", false, ["encrypt", "decrypt"])
      : null;
  }
  async keep(at, entries) {
    if (!this.lock) return false;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(entries));
    const locked = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await this.lock, plain);
    try {
      localStorage.setItem(this.name, JSON.stringify({ at, iv: text(iv), locked: text(locked) }));
      return true;
    } catch {
      return false;
    }
  }
  async kept() {
    const held = localStorage.getItem(this.name);
    if (!held || !this.lock) return null;
    try {
      const { at, iv, locked } = JSON.parse(held);
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(iv) }, await this.lock, bytes(locked));
      return { at, entries: JSON.parse(new TextDecoder().decode(plain)) };
    } catch {
      this.forget();
      return null;
    }
  }
  forget() {
    localStorage.removeItem(this.name);
  }
}

const others = (name) =>
  Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX) && key !== PREFIX + name)
    .map((key) => {
      let at = 0;
      try {
        at = Date.parse(JSON.parse(localStorage.getItem(key)).at);
      } catch {
        at = 0;
      }
      if (!at || Date.now() - at > KEPT_MS) {
        localStorage.removeItem(key);
        return null;
      }
      return { key: key.slice(PREFIX.length), at: new Date(at) };
    })
    .filter(Boolean);

class Questions {
  constructor(form) {
    this.form = form;
    this.state = form.querySelector("[data-state]");
    this.device = new Device(form.dataset.record, form.dataset.lock);
    this.steps = [...form.querySelectorAll("[data-step]")];
    this.saving = Promise.resolve();
    this.asked = "";
    this.changedAt = 0;
    this.savedAt = 0;
    this.timer = 0;
    this.retry = 0;
    this.sending = false;
  }

  async start() {
    await this.restore();
    this.offerOthers();
    this.filterMenu();
    this.openMajor();
    if (!("atOnce" in this.form.dataset)) this.stepThrough();
    for (const kind of ["input", "change"]) this.form.addEventListener(kind, () => this.changed());
    this.form.addEventListener("submit", (event) => this.submitted(event));
    this.form.querySelector("[data-find-button]").addEventListener("click", (event) => this.find(event));
    this.form.querySelector("[name=q]").addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.find(event);
    });
    addEventListener("online", () => this.save());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.changedAt > this.savedAt) this.save();
    });
  }

  entries() {
    return [...new FormData(this.form)].filter(([name, value]) => !NOT_KEPT.has(name) && value !== "");
  }

  say(words, waiting = false) {
    this.state.textContent = words;
    this.state.classList.toggle("ff-record__state--waiting", waiting);
  }

  // Typing: on the device at once, on the server a moment later.
  changed() {
    this.changedAt = Date.now();
    this.onDevice = this.device.keep(new Date().toISOString(), this.entries());
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
    history.replaceState(null, "", this.form.getAttribute("action"));
  }

  save() {
    clearTimeout(this.timer);
    this.saving = this.saving.then(() => this.saveNow());
    return this.saving;
  }

  async saveNow() {
    if (this.sending || this.changedAt <= this.savedAt) return;
    const upTo = this.changedAt;
    try {
      const answer = await fetch(this.form.dataset.keep, {
        method: "POST",
        body: new FormData(this.form),
        headers: { Accept: "application/json" },
        redirect: "manual",
      });
      if (answer.status !== 200) {
        await this.waits("You have been signed out, or this page is too old. Sign in again and come back to it.");
        return;
      }
      await answer.json();
      this.savedAt = upTo;
      if (this.changedAt === upTo) {
        await this.onDevice;
        this.device.forget();
        this.say(`Saved at ${time.format(new Date())}.`);
      }
    } catch {
      await this.waits("No connection.");
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.save(), TRY_AGAIN_MS);
    }
  }

  async waits(why) {
    const kept = await this.device.keep(new Date().toISOString(), this.entries());
    const where = kept
      ? "What you have typed is kept on this phone, locked, until it can be saved."
      : "Keep this page open: what you have typed is only on it.";
    this.say(`${why} ${where}`, true);
  }

  async restore() {
    const held = await this.device.kept();
    if (!held) return;
    const saved = Date.parse(this.form.dataset.savedAt || 0) || 0;
    if (Date.parse(held.at) <= saved) {
      this.device.forget();
      return;
    }
    this.fill(held.entries);
    this.say(`What you had typed on this phone at ${time.format(new Date(held.at))} is back.`);
    this.changedAt = Date.now();
    this.timer = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  fill(entries) {
    const values = new Map();
    for (const [name, value] of entries) values.set(name, [...(values.get(name) ?? []), value]);
    const threat = values.get("threat")?.[0];
    if (threat && ![...this.form.querySelectorAll("[name=threat]")].some((box) => box.value === threat)) {
      this.offer([{ reference: threat, name: values.get("q")?.[0] ?? threat, why: "Chosen before.", note: "", aims: [] }]);
    }
    for (const field of this.form.elements) {
      if (!field.name || NOT_KEPT.has(field.name)) continue;
      const given = values.get(field.name);
      if (field.type === "checkbox" || field.type === "radio") field.checked = given?.includes(field.value) ?? false;
      else if (given) field.value = given[0];
    }
  }

  offerOthers() {
    for (const other of others(this.form.dataset.record)) {
      const address = this.form.getAttribute("action").replace(this.form.dataset.record, other.key);
      const link = make("a", { class: "govuk-link", href: address }, "Open it");
      const words = `Something you typed on this phone at ${time.format(other.at)} was never saved. `;
      this.state.after(make("p", { class: "govuk-inset-text" }, words, link));
    }
  }

  // A name that was typed and not looked for is looked for before the question is left.
  async looks(step) {
    const asked = step.querySelector("[name=q]")?.value.trim();
    if (!asked || asked === this.asked || step.querySelector("[name=threat]:checked")) return false;
    await this.find();
    return true;
  }

  // The nearest three threats, without leaving the page.
  async find(event) {
    event?.preventDefault();
    const asked = this.form.querySelector("[name=q]").value.trim();
    const place = this.form.querySelector("[data-found]");
    if (!asked) return;
    this.asked = asked;
    try {
      const answer = await fetch(`${this.form.dataset.find}?q=${encodeURIComponent(asked)}`, { redirect: "manual" });
      if (!answer.ok) throw new Error("refused");
      const { found } = await answer.json();
      this.offer(found);
      if (!found.length) {
        const words = "No threat that you may see is called that. Try another name, a plate or the reference.";
        place.replaceChildren(make("p", { class: "govuk-body", role: "status" }, words));
      }
    } catch {
      const words = "No connection to look with. Go on with the other questions, and find it when there is one.";
      place.replaceChildren(make("p", { class: "govuk-body", role: "status" }, words));
    }
  }

  offer(found) {
    if (!found.length) return;
    const radios = make("div", { class: "govuk-radios" });
    found.forEach((each, at) => {
      const id = `threat-${at + 1}`;
      const input = make("input", { class: "govuk-radios__input", id, name: "threat", type: "radio", value: each.reference, "aria-describedby": `${id}-hint` });
      const label = make("label", { class: "govuk-label govuk-radios__label", for: id }, `${each.name}, ${each.reference}`);
      const hint = make("div", { class: "govuk-hint govuk-radios__hint", id: `${id}-hint` }, `${each.why} `, make("strong", {}, each.note));
      input.checked = found.length === 1;
      if (input.checked) this.offerAims(each.aims);
      input.addEventListener("change", () => this.offerAims(each.aims));
      radios.append(make("div", { class: "govuk-radios__item" }, input, label, hint));
    });
    const legend = make("legend", { class: "govuk-fieldset__legend govuk-fieldset__legend--s" }, "Which of these?");
    this.form.querySelector("[data-found]").replaceChildren(make("fieldset", { class: "govuk-fieldset" }, legend, radios));
    if (found.length === 1) this.changed();
  }

  offerAims(aims) {
    const place = this.form.querySelector("[data-aims]");
    if (!aims.length) {
      place.replaceChildren();
      return;
    }
    const boxes = make("div", { class: "govuk-checkboxes" });
    aims.forEach((aim, at) => {
      const id = `aim-${at + 1}`;
      const input = make("input", { class: "govuk-checkboxes__input", id, name: "aims", type: "checkbox", value: aim.value });
      const label = make("label", { class: "govuk-label govuk-checkboxes__label", for: id }, aim.text);
      boxes.append(make("div", { class: "govuk-checkboxes__item" }, input, label));
    });
    const legend = make("legend", { class: "govuk-fieldset__legend govuk-fieldset__legend--s" }, "Aims of the plan that it serves (optional)");
    place.replaceChildren(make("fieldset", { class: "govuk-fieldset" }, legend, boxes));
  }

  // Words typed narrow the menu of tactics.
  filterMenu() {
    const menu = this.form.querySelector("[data-menu] .govuk-details__text");
    const box = make("input", { class: "govuk-input ff-record__filter", id: "menu-filter", type: "search", autocomplete: "off" });
    const label = make("label", { class: "govuk-label", for: "menu-filter" }, "Part of its name");
    menu.prepend(label, box);
    box.addEventListener("input", (event) => {
      event.stopPropagation();
      const wanted = box.value.trim().toLowerCase();
      for (const group of menu.querySelectorAll("details")) group.open = Boolean(wanted);
      for (const item of menu.querySelectorAll(".govuk-checkboxes__item")) {
        item.hidden = wanted !== "" && !item.textContent.toLowerCase().includes(wanted);
      }
    });
  }

  openMajor() {
    const more = this.form.querySelector("[data-major]");
    for (const box of this.form.querySelectorAll("[name=category]")) {
      box.addEventListener("change", () => {
        if (box.checked) more.open = box.value === "MAJOR";
      });
    }
  }

  // One question at a time.
  stepThrough() {
    const later = this.form.querySelector("[data-later]");
    this.steps.forEach((step, at) => {
      const bar = make("div", { class: "ff-record__bar" });
      if (at < this.steps.length - 1) {
        const on = make("button", { class: "govuk-button", type: "button" }, "Continue");
        on.addEventListener("click", async () => {
          if (!(await this.looks(step))) this.show(at + 1);
        });
        bar.append(on);
      }
      if (at > 0) {
        const back = make("button", { class: "govuk-button govuk-button--secondary", type: "button" }, "Back");
        back.addEventListener("click", () => this.show(at - 1));
        bar.append(back);
      }
      step.append(bar);
    });
    this.form.append(later);
    this.show(0, false);
  }

  show(at, moved = true) {
    this.steps.forEach((step, number) => {
      step.hidden = number !== at;
    });
    if (at === this.steps.length - 1) this.summarise();
    if (!moved) return;
    this.save();
    const heading = this.steps[at].querySelector("h2");
    heading.focus();
    heading.scrollIntoView();
  }

  summarise() {
    const list = make("dl", { class: "govuk-summary-list" });
    this.steps.slice(0, -1).forEach((step, at) => {
      const said = this.answersIn(step);
      const change = make("button", { class: "ff-link-button", type: "button" }, "Change");
      change.append(make("span", { class: "govuk-visually-hidden" }, ` ${step.dataset.step}`));
      change.addEventListener("click", () => this.show(at));
      list.append(
        make(
          "div",
          { class: "govuk-summary-list__row" },
          make("dt", { class: "govuk-summary-list__key" }, step.dataset.step),
          make("dd", { class: "govuk-summary-list__value" }, said.join("; ") || "Not answered"),
          make("dd", { class: "govuk-summary-list__actions" }, change),
        ),
      );
    });
    this.form.querySelector("[data-summary]").replaceChildren(list);
  }

  answersIn(step) {
    const said = [];
    for (const field of step.querySelectorAll("input, textarea, select")) {
      if (["checkbox", "radio"].includes(field.type)) {
        if (field.checked) said.push(step.querySelector(`label[for="${field.id}"]`)?.textContent.trim() ?? field.value);
      } else if (field.name && field.name !== "q" && field.type !== "hidden" && field.value) {
        said.push(field.tagName === "SELECT" ? field.selectedOptions[0].textContent.trim() : field.value.trim());
      }
    }
    return said;
  }

  // Sending: once, however often it is pressed; without a connection it stays here, and on the device.
  async submitted(event) {
    const act = event.submitter?.value;
    if (act !== "send") {
      this.device.forget();
      return;
    }
    event.preventDefault();
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    const body = new FormData(this.form);
    body.set("act", "send");
    const refused = async (why) => {
      this.sending = false;
      await this.waits(why);
      this.state.scrollIntoView();
    };
    try {
      await this.saving;
      this.say("Sending…");
      const answer = await fetch(this.form.getAttribute("action"), { method: "POST", body });
      if (answer.redirected && answer.url.includes("/recorded/")) {
        await this.onDevice;
        this.device.forget();
        location.assign(answer.url);
      } else if (answer.status === 422) {
        this.form.append(make("input", { type: "hidden", name: "act", value: "send" }));
        this.form.submit();
      } else {
        await refused("You have been signed out, or this page is too old. Sign in again and come back to it.");
      }
    } catch {
      await refused("No connection. Press “Record this disruption” again when there is one.");
    }
  }
}

for (const sent of document.querySelectorAll("[data-sent]")) {
  localStorage.removeItem(PREFIX + sent.dataset.sent);
}
for (const form of document.querySelectorAll("form[data-record]")) new Questions(form).start();
