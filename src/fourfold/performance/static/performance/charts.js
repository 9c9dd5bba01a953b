// Draws the charts of a page from the Vega-Lite that the server wrote, without evaluating code: expressions are
// interpreted. Without this script, or where a chart cannot be drawn, its table is open and says the same.
import "../vendor/vega.min.js";
import "../vendor/vega-lite.min.js";
import { expressionInterpreter } from "../vendor/vega-interpreter.js";

const { vega, vegaLite } = globalThis;

const draw = async (section) => {
  const place = section.querySelector(".ff-chart__drawing");
  const { spec } = vegaLite.compile(JSON.parse(section.dataset.chart));
  place.hidden = false;
  const view = new vega.View(vega.parse(spec, null, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "svg",
    container: place,
    hover: false,
  });
  await view.runAsync();
  section.querySelector(".ff-chart__table").open = false;
};

for (const section of document.querySelectorAll("[data-chart]")) {
  draw(section).catch(() => {
    section.querySelector(".ff-chart__drawing").hidden = true;
  });
}
