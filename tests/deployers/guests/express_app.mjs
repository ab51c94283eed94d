// An Express application as it stands, behind a function URL through @vendia/serverless-express.
import serverlessExpress from "@vendia/serverless-express";
import express from "express";

const app = express();
app.use(express.json());
app.get("/orders/:number", (request, response) => {
  if (request.params.number === "404") return response.status(404).json({ error: "no such order" });
  return response.json({ number: request.params.number, wide: request.query.wide ?? "no" });
});
app.post("/orders", (request, response) => {
  response.cookie("last", request.body.name).status(201).json({ made: request.body.name });
});
app.get("/picture", (_, response) => {
  response.type("image/png").send(Buffer.from(Array.from({ length: 256 }, (_, index) => index)));
});

export const handler = serverlessExpress({ app, binarySettings: { contentTypes: ["image/*"] } });
