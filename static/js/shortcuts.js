// Keys that lead somewhere. Where to stands on the page's own links (data-key), so nobody is led
// to what they may not open. Switched off by data-shortcuts="off" on <html>.
const SECOND_KEY_WITHIN = 1500;
const TYPED_INTO = "input, select, textarea, [contenteditable]";

let goUntil = 0;

function follow(event, key) {
  const link = document.querySelector(`a[data-key="${CSS.escape(key)}"]`);
  if (!link) return;
  event.preventDefault();
  location.assign(link.href);
}

function focusSearch(event) {
  const field = document.querySelector("input[type=search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function press(event) {
  const isSecond = event.timeStamp < goUntil;
  goUntil = 0;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest(TYPED_INTO)) return;
  if (isSecond) follow(event, `g ${event.key}`);
  else if (event.key === "g") goUntil = event.timeStamp + SECOND_KEY_WITHIN;
  else if (event.key === "/") focusSearch(event);
  else if (event.key === "?") follow(event, "?");
}

if (document.documentElement.dataset.shortcuts !== "off") {
  document.addEventListener("keydown", press);
}
