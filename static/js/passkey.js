// Forms that a passkey answers: data-passkey says whether to create or get one, data-asked what the
// server asks. The answer goes into the form's hidden field; without scripts the page says so.
const WORDS = {
  InvalidStateError: "This device has a passkey for you already.",
  NotAllowedError: "The browser did not get a passkey from you. Try again, or take another way.",
  SecurityError: "The browser does not allow passkeys for this address.",
};
const UNKNOWN = "No passkey could be used here. Try again, or take another way.";
const UNABLE = "This browser knows no passkeys. Use another one, or take another way.";

function bytes(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
}

function text(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function ask(how, { publicKey: asked }) {
  const publicKey = { ...asked, challenge: bytes(asked.challenge) };
  if (asked.user) publicKey.user = { ...asked.user, id: bytes(asked.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    publicKey[list] = (asked[list] ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return told(await navigator.credentials[how]({ publicKey }));
}

function told({ id, rawId, type, response }) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]
    .filter((name) => response[name])
    .map((name) => [name, text(response[name])]);
  return { id, rawId: text(rawId), type, response: Object.fromEntries(parts) };
}

function say(form, problem) {
  const place = form.querySelector("[data-passkey-problem]");
  place.textContent = problem;
  place.hidden = problem === "";
}

async function submit(form) {
  say(form, "");
  try {
    const answer = await ask(form.dataset.passkey, JSON.parse(form.dataset.asked));
    form.elements.answer.value = JSON.stringify(answer);
  } catch (problem) {
    say(form, WORDS[problem.name] ?? UNKNOWN);
    return;
  }
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.querySelector("[data-passkey-without]").hidden = true;
  if (!window.PublicKeyCredential) {
    say(form, UNABLE);
    continue;
  }
  form.querySelector("[data-passkey-actions]").hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form);
  });
}
