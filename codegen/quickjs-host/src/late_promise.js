// Promises as on iOS 15 and before: each reaction runs in a timer of its own.
(function (everything) {
  function LatePromise(executor) {
    var self = this;
    self.state = 0;
    self.reactions = [];
    function settle(state, value) {
      self.state = state;
      self.value = value;
      self.reactions.forEach(function (run) { setTimeout(run, 0); });
    }
    function once(run) {
      return function (value) {
        if (run.done) return;
        run.done = true;
        run(value);
      };
    }
    var lock = { done: false };
    function reject(reason) {
      if (lock.done) return;
      lock.done = true;
      settle(2, reason);
    }
    function resolve(value) {
      if (lock.done) return;
      lock.done = true;
      adopt(value);
    }
    function adopt(value) {
      var then;
      try { then = value !== null && /object|function/.test(typeof value) && value.then; } catch (error) { return settle(2, error); }
      if (typeof then !== 'function') return settle(1, value);
      setTimeout(function () {
        var yes = once(adopt), no = once(function (reason) { settle(2, reason); });
        try { then.call(value, function (v) { no.done = no.done; yes(v); }, no); } catch (error) { no(error); }
      }, 0);
    }
    try { executor(resolve, reject); } catch (error) { reject(error); }
  }
  LatePromise.prototype.then = function (onValue, onReason) {
    var self = this;
    return new LatePromise(function (resolve, reject) {
      function run() {
        var handler = self.state === 1 ? onValue : onReason;
        if (typeof handler !== 'function') return (self.state === 1 ? resolve : reject)(self.value);
        try { resolve(handler(self.value)); } catch (error) { reject(error); }
      }
      if (self.state) setTimeout(run, 0);
      else self.reactions.push(run);
    });
  };
  LatePromise.prototype.catch = function (onReason) { return this.then(undefined, onReason); };
  LatePromise.resolve = function (value) { return new LatePromise(function (resolve) { resolve(value); }); };
  LatePromise.reject = function (reason) { return new LatePromise(function (_, reject) { reject(reason); }); };
  LatePromise.all = function (list) {
    return new LatePromise(function (resolve, reject) {
      var values = [], open = list.length;
      if (!open) resolve(values);
      list.forEach(function (item, index) {
        LatePromise.resolve(item).then(function (value) {
          values[index] = value;
          if (!--open) resolve(values);
        }, reject);
      });
    });
  };
  everything.Promise = LatePromise;
})(globalThis);
