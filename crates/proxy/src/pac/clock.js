// Makes `Date` read the clock that the program hands in, so that an answer depends on nothing else.
// `now` gives milliseconds since 1970, `offset` those by which local time is ahead of Greenwich; `chance` what
// `Math.random` returns, below zero to leave it to the engine.
(function (now, offset, chance) {
    "use strict";
    var Real = Date;
    var proto = Real.prototype;
    var time = proto.getTime;
    var setTime = proto.setTime;
    var apply = Reflect.apply;
    var define = Object.defineProperty;

    function Clock() {
        var count = arguments.length;
        if (!new.target) {
            return new Real(now()).toString();
        }
        if (count === 0) {
            return new Real(now());
        }
        if (count === 1) {
            return new Real(arguments[0]);
        }
        return new Real(apply(Real.UTC, Real, arguments) - offset());
    }

    function hide(object, name, value) {
        define(object, name, { value: value, writable: true, configurable: true, enumerable: false });
    }

    function local(date) {
        return new Real(apply(time, date, []) + offset());
    }

    ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"].forEach(function (part) {
        var get = proto["getUTC" + part];
        var set = proto["setUTC" + part];
        hide(proto, "get" + part, function () {
            return apply(get, local(this), []);
        });
        if (set) {
            hide(proto, "set" + part, function () {
                var shifted = local(this);
                apply(set, shifted, arguments);
                return apply(setTime, this, [apply(time, shifted, []) - offset()]);
            });
        }
    });
    hide(proto, "getYear", function () {
        return this.getFullYear() - 1900;
    });
    hide(proto, "getTimezoneOffset", function () {
        return -offset() / 60000;
    });
    hide(proto, "constructor", Clock);
    Clock.prototype = proto;
    hide(Clock, "UTC", Real.UTC);
    hide(Clock, "parse", Real.parse);
    hide(Clock, "now", function () {
        return now();
    });
    hide(globalThis, "Date", Clock);

    var random = Math.random;
    hide(Math, "random", function () {
        var given = chance();
        return given < 0 ? random() : given;
    });
});
