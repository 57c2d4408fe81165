// The development page. Each part of it has a module of its own in front/.
import { startAccount } from "./front/account.js";
import { startArrivals } from "./front/arrivals.js";
import { startBind } from "./front/bind.js";
import { startSend } from "./front/send.js";

startArrivals();
startBind();
startSend();
startAccount();
