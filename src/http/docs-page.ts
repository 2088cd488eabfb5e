/** Where the page and its files are, from the root of the server. */
export const DOCS = 'docs'

/**
 * The page: it only names its files, so that nothing in it is a script or a style.
 *
 * @param root the relative URL of the server's root: a proxy may serve the page under a path that the server does not know
 */
export const htmlOf = (root: './' | '../'): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Roster API reference</title>
    <link rel="icon" type="image/png" sizes="32x32" href="${root}${DOCS}/favicon-32x32.png">
    <link rel="stylesheet" href="${root}${DOCS}/swagger-ui.css">
    <link rel="stylesheet" href="${root}${DOCS}/page.css">
    <script src="${root}${DOCS}/swagger-ui-bundle.js" defer></script>
    <script src="${root}${DOCS}/page.js" type="module"></script>
  </head>
  <body>
    <noscript>This reference needs JavaScript. The contract itself is at <a href="${root}openapi.yaml">openapi.yaml</a>.</noscript>
    <main id="reference"></main>
  </body>
</html>
`

/** What Swagger UI's own style lacks: a ring around what has the focus, a few colours in the dark, and phones. */
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

.swagger-ui :focus-visible,
html.dark-mode .swagger-ui input:focus-visible:not(.download-url-input) {
  outline: 3px solid #2f7de1;
  outline-offset: 2px;
}

html.dark-mode .swagger-ui .headers td,
html.dark-mode .swagger-ui .examples-select__section-label {
  color: #e4e6e6;
}

/* Links between operations, of which the contract has none. */
.swagger-ui .response-col_links {
  display: none;
}

.swagger-ui .auth-container input[type='text'],
.swagger-ui .filter .operation-filter-input {
  width: 100%;
}

@media (max-width: 640px) {
  .swagger-ui .info {
    margin: 24px 0;
  }

  .swagger-ui .wrapper,
  .swagger-ui .opblock-section .table-container,
  .swagger-ui .responses-inner {
    padding: 0 12px;
  }

  .swagger-ui .opblock .opblock-summary-operation-id {
    display: none;
  }

  .swagger-ui .opblock .opblock-summary-method {
    min-width: 68px;
  }

  /* A row of a table becomes a block of lines, all as wide as the screen. */
  .swagger-ui .parameters > thead,
  .swagger-ui .responses-table > thead,
  .swagger-ui .headers > thead {
    display: none;
  }

  .swagger-ui table:is(.parameters, .responses-table, .headers),
  .swagger-ui :is(.parameters, .responses-table, .headers) > tbody,
  .swagger-ui :is(.parameters, .responses-table, .headers) > tbody > tr,
  .swagger-ui :is(.parameters, .responses-table, .headers) > tbody > tr > td {
    display: block;
    width: 100%;
    max-width: 100%;
    min-width: 0;
    padding-left: 0;
    padding-right: 0;
  }

  .swagger-ui :is(.parameters, .responses-table, .headers) > tbody > tr {
    padding: 10px 0;
  }

  .swagger-ui :is(.parameters, .responses-table, .headers) > tbody > tr > td {
    padding-top: 0;
    padding-bottom: 6px;
  }

  .swagger-ui .parameters-col_description :is(input, select, textarea) {
    width: 100%;
    max-width: none;
  }

  .swagger-ui .model-box {
    max-width: 100%;
    overflow-x: auto;
  }

  .swagger-ui .curl-command code,
  .swagger-ui .highlight-code code {
    white-space: pre-wrap !important;
    overflow-wrap: anywhere;
  }
}
`
