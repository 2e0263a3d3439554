const answer = answers[pm.response.code] || answers[String(pm.response.code)[0] + 'XX'] || answers.default;
const type = (pm.response.headers.get('Content-Type') || '').split(';')[0].trim().toLowerCase();
const like = (known) => known === type || known === '*/*' || (known.endsWith('/*') && type.startsWith(known.slice(0, -1)));
const documented = answer && Object.keys(answer).find(like);
pm.test(`status ${pm.response.code} is documented`, () => {
  pm.expect(Object.keys(answers), 'documented statuses').to.satisfy(() => Boolean(answer));
});
if (answer && Object.keys(answer).length > 0) {
  pm.test('the media type is documented', () => {
    pm.expect(Object.keys(answer), `documented media types, found "${type}"`).to.satisfy(() => Boolean(documented));
  });
}
if (documented && typeof answer[documented] === 'object' && /[/+]json$/.test(type)) {
  pm.test('the body fits its schema', () => {
    pm.response.to.have.jsonSchema({ definitions, ...answer[documented] }, { multipleOfPrecision: 9 });
  });
}
