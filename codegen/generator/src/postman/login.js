// The code is what wx.login gives on a phone. In development the emulator gives one; else put yours into "code".
const emulator = pm.variables.get('emulator');
if (emulator) {
  pm.sendRequest({ url: `${emulator.replace(/\/+$/, '')}/emulator/login-codes`, method: 'POST' }, (error, response) => {
    pm.test('the emulator gives a login code', () => {
      pm.expect(error, `is the emulator at ${emulator}?`).to.equal(null);
      pm.expect(response.json().code).to.be.a('string');
      pm.variables.set('code', response.json().code);
    });
  });
}
