// Buttons that copy the text beside them. They stay hidden where the browser cannot copy.
const SHOWN_FOR = 2000;

const said = document.createElement("p");
said.className = "visually-hidden";
said.setAttribute("role", "status");
document.body.append(said);

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  said.textContent = "Copied";
  button.classList.add("copy--done");
  setTimeout(() => {
    said.textContent = "";
    button.classList.remove("copy--done");
  }, SHOWN_FOR);
}

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}
