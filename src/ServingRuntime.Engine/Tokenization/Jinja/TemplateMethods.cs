namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Methods of dictionaries, lists and tuples, and the way to those of strings. Those that change their object cannot be reached.</summary>
internal sealed class TemplateMethods(RenderBudget budget)
{
    private readonly StringMethods strings = new(budget);

    public object? Call(BoundMethod method, CallArguments arguments) => method.Target switch
    {
        string text => strings.Call(text, method.Name, arguments),
        SafeText safe => CallSafe(safe, method.Name, arguments),
        TemplateDictionary dictionary => CallDictionary(dictionary, method.Name, arguments),
        List<object?> list => CallItems(list, method.Name, arguments),
        TemplateTuple tuple => CallItems(tuple.Items, method.Name, arguments),
        _ => throw TemplateValue.Error($"'{TemplateValue.TypeName(method.Target)}' has no method '{method.Name}'"),
    };

    /// <summary>Markup's methods give Markup again.</summary>
    private object? CallSafe(SafeText safe, string name, CallArguments arguments)
    {
        switch (name)
        {
            case "upper" or "lower" or "title" or "capitalize" or "casefold" or "swapcase":
            case "strip" or "lstrip" or "rstrip" when arguments.Positional.Count == 0:
                return new SafeText((string)strings.Call(safe.Text, name, arguments)!);
            case "split" or "rsplit" or "splitlines":
                return ((List<object?>)strings.Call(safe.Text, name, arguments)!).ConvertAll(part => (object?)new SafeText((string)part!));
            case "startswith" or "endswith" or "find" or "rfind" or "count" or "isdigit" or "isalpha" or "isspace" or "isupper" or "islower" or "isalnum":
                return strings.Call(safe.Text, name, arguments);
            default:
                throw TemplateValue.Error($"the method '{name}' of a text marked safe is not supported");
        }
    }

    private static object? CallDictionary(TemplateDictionary dictionary, string name, CallArguments arguments)
    {
        switch (name)
        {
            case "get":
                arguments.Expect(1, 2);
                return dictionary.TryGet(arguments.Positional[0], out var value) ? value : arguments.Get(1, "");
            case "items" or "keys" or "values":
                arguments.Expect(0, 0);
                return new TemplateView(name, dictionary);
            case "copy":
                arguments.Expect(0, 0);
                var copy = new TemplateDictionary();
                foreach (var (key, item) in dictionary.Items)
                {
                    copy.Set(key, item);
                }

                return copy;
            default:
                throw TemplateValue.Error($"the dictionary method '{name}' is not supported");
        }
    }

    private static object CallItems(List<object?> items, string name, CallArguments arguments)
    {
        switch (name)
        {
            case "index":
                arguments.Expect(1, 1);
                var found = items.FindIndex(i => TemplateValue.AreEqual(i, arguments.Positional[0]));
                return found >= 0 ? (long)found : throw TemplateValue.Error("the list does not hold that value");
            case "count":
                arguments.Expect(1, 1);
                return (long)items.Count(i => TemplateValue.AreEqual(i, arguments.Positional[0]));
            case "copy":
                arguments.Expect(0, 0);
                return items.ToList();
            default:
                throw TemplateValue.Error($"the list method '{name}' is not supported");
        }
    }
}
