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

// A box above a table's boxes that ticks them all.
for (const cell of document.querySelectorAll("thead [data-all]")) {
  const all = Object.assign(document.createElement("input"), {
    type: "checkbox",
    ariaLabel: cell.dataset.all,
  });
  cell.append(all);
  const table = cell.closest("table");
  const boxes = [...table.querySelectorAll("[name=chosen]")];
  table.addEventListener("change", ({ target }) => {
    if (target === all) for (const box of boxes) box.checked = all.checked;
    all.checked = boxes.every((box) => box.checked);
  });
}
