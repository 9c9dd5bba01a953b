// Draws the network of a page from the data that the server wrote. Without this script the drawing stays hidden, and
// the tables on the page say the same. A thing in the drawing opens its page.

// Cytoscape leaves its style element out where one of this name is there: ours is network.css.
const style = document.createElement("meta");
style.id = "__________cytoscape_stylesheet";
document.head.append(style);
const { default: cytoscape } = await import("../vendor/cytoscape.esm.min.mjs");

const FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif";
const LOOK = [
  {
    selector: "node",
    style: {
      label: "data(label)",
      "font-family": FONT,
      "font-size": 12,
      "text-wrap": "ellipsis",
      "text-max-width": 130,
      "text-valign": "bottom",
      "text-margin-y": 4,
      "text-background-color": "#ffffff",
      "text-background-opacity": 0.8,
      color: "#0b0c0c",
      width: 24,
      height: 24,
      "border-width": 2,
      "border-color": "#0b0c0c",
    },
  },
  { selector: "node[kind = 'PERSON']", style: { shape: "ellipse", "background-color": "#1d70b8" } },
  { selector: "node[kind = 'OBJECT']", style: { shape: "round-rectangle", "background-color": "#85994b" } },
  { selector: "node[kind = 'LOCATION']", style: { shape: "rectangle", "background-color": "#b58840" } },
  { selector: "node[kind = 'EVENT']", style: { shape: "diamond", "background-color": "#f3f2f1" } },
  { selector: "node[flag = 'hub']", style: { "border-style": "dashed", "background-color": "#ffffff" } },
  {
    selector: "node[flag = 'protect']",
    style: { "border-style": "double", "border-width": 6, "background-color": "#ffffff" },
  },
  { selector: "node[away = 0]", style: { width: 38, height: 38, "font-weight": "bold", "font-size": 14 } },
  { selector: "edge", style: { width: 1.5, "line-color": "#505a5f", "curve-style": "straight" } },
  // A match is no link: it says who may be whom, and looks unlike what joins people with things.
  {
    selector: "edge[match]",
    style: {
      width: 3,
      "line-style": "dashed",
      "line-dash-pattern": [8, 5],
      "line-color": "#4c2c92",
      "curve-style": "bezier",
    },
  },
  {
    selector: "edge[match = 'DIFFERENT']",
    style: { "line-style": "dotted", "line-color": "#942514" },
  },
  {
    selector: "edge:selected, edge.near",
    style: {
      width: 3,
      label: "data(label)",
      "font-size": 11,
      "font-family": FONT,
      "text-background-color": "#ffffff",
      "text-background-opacity": 1,
    },
  },
  { selector: "edge.near[^match]", style: { "line-color": "#0b0c0c" } },
];

// The same network is drawn the same way each time: from a circle in the order of the data, nothing by chance.
const around = (count) => (place) => ({
  x: 400 + 300 * Math.cos((2 * Math.PI * place) / count),
  y: 300 + 300 * Math.sin((2 * Math.PI * place) / count),
});

const parts = (section) => [".ff-network__drawing", ".ff-network__zoom", ".ff-network__key"].map((name) => section.querySelector(name));

const draw = (section) => {
  const { nodes, edges } = JSON.parse(section.dataset.network);
  const at = around(nodes.length);
  for (const part of parts(section)) part.hidden = false;
  const drawn = cytoscape({
    container: section.querySelector(".ff-network__drawing"),
    elements: [
      ...nodes.map((data, number) => ({ group: "nodes", data, position: at(number) })),
      ...edges.map((data) => ({ group: "edges", data })),
    ],
    style: LOOK,
    layout: {
      name: "cose",
      animate: false,
      randomize: false,
      nodeDimensionsIncludeLabels: true,
      idealEdgeLength: () => 70,
      nodeRepulsion: () => 9000,
      padding: 20,
    },
    userZoomingEnabled: false,
    minZoom: 0.2,
    maxZoom: 3,
  });
  // A phone that is turned, a window that gets narrower: the drawing fits again.
  new ResizeObserver(() => {
    drawn.resize();
    drawn.fit(undefined, 20);
  }).observe(drawn.container());
  drawn.on("mouseover", "node", (event) => event.target.connectedEdges().addClass("near"));
  drawn.on("mouseout", "node", (event) => event.target.connectedEdges().removeClass("near"));
  section.querySelector(".ff-network__zoom").addEventListener("click", (event) => {
    const { zoom } = event.target.dataset;
    if (zoom === "all") drawn.fit(undefined, 20);
    else if (zoom) {
      const middle = { x: drawn.width() / 2, y: drawn.height() / 2 };
      drawn.zoom({ level: drawn.zoom() * Number(zoom), renderedPosition: middle });
    }
  });
  drawn.on("tap", "node", (event) => {
    const { href } = event.target.data();
    if (href) window.location.assign(href);
  });
};

for (const section of document.querySelectorAll("[data-network]")) {
  try {
    draw(section);
  } catch {
    for (const part of parts(section)) part.hidden = true;
  }
}
