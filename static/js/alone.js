// Boxes of one name of which one is ticked alone: data-alone on each says which value that is. While
// it is ticked the others are empty and disabled; without scripts the server refuses.
const lone = [...document.querySelectorAll("input[data-alone]")].filter(
  (box) => box.value === box.dataset.alone,
);

function settle(one) {
  for (const box of one.form.elements[one.name]) {
    if (box === one) continue;
    if (one.checked) box.checked = false;
    box.disabled = one.checked;
  }
}

for (const one of lone) one.addEventListener("change", () => settle(one));
// Fired on every load, and when Back brings a page with its boxes as they were left.
window.addEventListener("pageshow", () => lone.forEach(settle));
