/** Wires the window: one client, the stores that outlive a page, and React over them. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { connectClient } from "./client.ts";
import { createRouteStore } from "./state/route.ts";
import { createThemeStore } from "./state/theme.ts";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/controls.css";
import "./app/frame.css";
import "./app/home.css";
import "./panels/panels.css";
import "./panels/flame.css";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no #root element to draw into.");
const theme = createThemeStore(window);
const route = createRouteStore(window);
const client = connectClient("/rpc");
createRoot(root).render(
  <StrictMode>
    <App client={client} route={route} theme={theme} />
  </StrictMode>,
);
