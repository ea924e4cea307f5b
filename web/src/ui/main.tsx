// Where the page begins.

import { render } from "preact";
import { App } from "./app";
import { followHistory } from "./route";
import "./style/index.css";

const root = document.getElementById("app");
if (!root) throw new Error("BUG: the page has no #app");
followHistory();
render(<App />, root);
