/** Where the page and its files are. */
export const DOCS = '/docs'

/** The page: it only names its files, so that nothing in it is a script or a style. */
export const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Roster API reference</title>
    <link rel="icon" type="image/png" sizes="32x32" href="${DOCS}/favicon-32x32.png">
    <link rel="stylesheet" href="${DOCS}/swagger-ui.css">
    <link rel="stylesheet" href="${DOCS}/page.css">
    <script src="${DOCS}/swagger-ui-bundle.js" defer></script>
    <script src="${DOCS}/page.js" type="module"></script>
  </head>
  <body>
    <noscript>This reference needs JavaScript. The contract itself is at <a href="/openapi.yaml">/openapi.yaml</a>.</noscript>
    <main id="reference"></main>
  </body>
</html>
`

/** What Swagger UI's own style lacks. */
export const css = `html {
  box-sizing: border-box;
  overflow-y: scroll;
}

*, *::before, *::after {
  box-sizing: inherit;
}

body {
  margin: 0;
  background: #fafafa;
}

html.dark-mode body {
  background: #1c2022;
}
`
