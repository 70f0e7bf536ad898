
const box = document.querySelector("#search"), rows = [...document.querySelectorAll("#violations tr")];
const words = rows.map(row => row.textContent.toLowerCase()), shown = document.querySelector("#shown");
box.parentElement.hidden = false;
box.addEventListener("input", () => {
  const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  rows.forEach((row, n) => { row.hidden = !wanted.every(word => words[n].includes(word)); count += !row.hidden; });
  shown.textContent = count + " of " + rows.length;
});
