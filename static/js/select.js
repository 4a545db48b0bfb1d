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
