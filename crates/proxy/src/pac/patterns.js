// The part of `shExpMatch` for patterns that are regular expressions in disguise.
(function (name) {
    "use strict";
    var compiled = new Map();
    var Expression = RegExp;
    var test = Expression.prototype.test;
    var replace = String.prototype.replace;
    var apply = Reflect.apply;

    function compile(pattern) {
        var text = apply(replace, pattern, [/\./g, "\\."]);
        text = apply(replace, text, [/\*/g, ".*"]);
        text = apply(replace, text, [/\?/g, "."]);
        return new Expression("^" + text + "$");
    }

    Object.defineProperty(globalThis, name, {
        enumerable: false,
        value: function (text, pattern) {
            var expression = compiled.get(pattern);
            if (!expression) {
                expression = compile(pattern);
                if (compiled.size >= 500) {
                    compiled.clear();
                }
                compiled.set(pattern, expression);
            }
            return apply(test, expression, [text]);
        }
    });
});
