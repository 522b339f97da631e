/** The little the timeline needs to build its own elements. Styles are set through the object model, as the policy of the page wants. */

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** One drawing of lines or areas. */
export interface Icon {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly isFilled: boolean;
}

export function icon(drawing: Icon, className: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("width", String(drawing.width));
  svg.setAttribute("height", String(drawing.height));
  svg.setAttribute("viewBox", `0 0 ${drawing.width} ${drawing.height}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", drawing.path);
  path.setAttribute("fill", drawing.isFilled ? "currentColor" : "none");
  path.setAttribute("fill-rule", "evenodd");
  if (!drawing.isFilled) {
    path.setAttribute("stroke", "currentColor");
    path.setAttribute("stroke-width", "1.4");
    path.setAttribute("stroke-linejoin", "round");
  }
  svg.append(path);
  return svg;
}

/** A canvas that has as many pixels as the screen under it. */
export interface Layer {
  readonly canvas: HTMLCanvasElement;
  /** Its context, where one unit is one pixel of the design. */
  readonly pen: CanvasRenderingContext2D;
  /** Answers whether the size changed, which empties the canvas. */
  resize(width: number, height: number, scale: number): boolean;
}

export function createLayer(className: string, isOpaque: boolean): Layer {
  const canvas = element("canvas", className, { "aria-hidden": "true" });
  const pen = canvas.getContext("2d", { alpha: !isOpaque });
  if (pen === null) throw new Error("This browser gives no 2D canvas, which the timeline is drawn on.");
  return {
    canvas,
    pen,
    resize(width, height, scale) {
      const wide = Math.max(1, Math.round(width * scale));
      const high = Math.max(1, Math.round(height * scale));
      if (canvas.width === wide && canvas.height === high) return false;
      canvas.width = wide;
      canvas.height = high;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      return true;
    },
  };
}
