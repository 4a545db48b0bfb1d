// Forms that a passkey answers: data-passkey says whether one is made or used, data-asked what the
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

const withBytes = (known) => (known ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function create({ publicKey }) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: withBytes(publicKey.excludeCredentials),
    },
  });
  const { clientDataJSON, attestationObject } = made.response;
  return answer(made, { clientDataJSON, attestationObject });
}

async function get({ publicKey }) {
  const used = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      allowCredentials: withBytes(publicKey.allowCredentials),
    },
  });
  const { clientDataJSON, authenticatorData, signature } = used.response;
  return answer(used, { clientDataJSON, authenticatorData, signature });
}

function answer(credential, response) {
  const parts = Object.entries(response).map(([name, value]) => [name, text(value)]);
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(parts),
  };
}

function say(form, problem) {
  const place = form.querySelector("[data-passkey-problem]");
  place.textContent = problem;
  place.hidden = problem === "";
}

async function submit(form) {
  const ask = form.dataset.passkey === "create" ? create : get;
  say(form, "");
  try {
    const said = await ask(JSON.parse(form.dataset.asked));
    form.elements.answer.value = JSON.stringify(said);
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
