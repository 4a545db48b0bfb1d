// Warns before a guarded session ends for not being used, and leaves the page when it has ended.
// Only the server knows how long is left, since other tabs count too: it is asked before each step.
const dialog = document.querySelector(".idle[data-left-url]");
const shown = dialog.querySelector(".idle__left");
const said = dialog.querySelector(".idle__said");
const stayForm = dialog.querySelector(".idle__stay");
const { leftUrl, idleUrl } = dialog.dataset;
const SAID_AT = [60, 30, 10];

let lead = Number(dialog.dataset.lead);
let endsAt, timer;
let usedAt = 0;

const secondsLeft = () => Math.max(0, Math.ceil((endsAt - Date.now()) / 1000));
const isUsed = () => Date.now() - usedAt < lead * 1000;

function words(seconds) {
  const parts = [[Math.floor(seconds / 60), "minute"], [seconds % 60, "second"]];
  const told = parts.filter(([number]) => number);
  return told.map(([number, unit]) => `${number} ${unit}${number === 1 ? "" : "s"}`).join(" ");
}

function know(seconds) {
  endsAt = Date.now() + seconds * 1000;
}

// Who is led to the log-in gets a page and no figure: the session is over.
async function ask(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(answer.status);
  const isFigure = answer.headers.get("Content-Type") === "application/json";
  know(isFigure ? (await answer.json()).seconds : 0);
}

// The focus goes back to where somebody typed; Chromium leaves the caret behind unless it comes anew.
function close() {
  dialog.close();
  const field = document.activeElement;
  field.blur();
  field.focus();
}

function rest() {
  clearTimeout(timer);
  if (dialog.open) close();
  timer = setTimeout(look, (secondsLeft() - lead) * 1000);
}

function count() {
  clearTimeout(timer);
  const seconds = secondsLeft();
  if (!seconds) return look();
  shown.textContent = words(seconds);
  if (SAID_AT.includes(seconds)) said.textContent = `${words(seconds)} left`;
  timer = setTimeout(count, 1000);
}

function warn() {
  if (!dialog.open) dialog.showModal();
  count();
}

async function look() {
  clearTimeout(timer);
  await ask(leftUrl).catch(() => {}); // not reached: what was known counts on
  if (!secondsLeft()) location.replace(idleUrl);
  else if (secondsLeft() > lead) rest();
  else if (isUsed() && !dialog.open) stay();
  else warn();
}

async function stay() {
  const url = new URL(stayForm.action);
  url.searchParams.set("next", leftUrl);
  try {
    await ask(url, { method: "POST", body: new FormData(stayForm) });
  } catch {
    said.textContent = "The server did not answer. Try again.";
    said.classList.remove("visually-hidden");
    return warn();
  }
  if (!secondsLeft()) return look();
  if (secondsLeft() <= lead) lead = 0; // nothing puts this end off
  rest();
}

for (const [one, asked] of [[stayForm, "submit"], [dialog, "cancel"]]) {
  one.addEventListener(asked, (event) => {
    event.preventDefault();
    stay();
  });
}
for (const use of ["keydown", "pointerdown"]) {
  document.addEventListener(use, () => (usedAt = Date.now()), { passive: true });
}
// Timers rest while a machine sleeps.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && secondsLeft() <= lead) look();
});

know(Number(dialog.dataset.left));
rest();
