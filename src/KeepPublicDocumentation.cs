using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>Takes out of an assembly's XML documentation what is not in its public API. A part of packing.</summary>
public sealed class KeepPublicDocumentation : Task
{
    public string Documentation { get; set; }

    public ITaskItem[] PublicApi { get; set; }

    public override bool Execute()
    {
        var names = new HashSet<string>(PublicApi.SelectMany(item => File.ReadLines(item.ItemSpec)).SelectMany(NamesOf));
        XDocument document = XDocument.Load(Documentation);
        XElement[] members = document.Descendants("member").ToArray();
        XElement[] hidden = members.Where(member => !names.Contains(NameOf((string)member.Attribute("name")))).ToArray();
        foreach (XElement member in hidden)
        {
            member.Remove();
        }

        document.Save(Documentation);
        Log.LogMessage(MessageImportance.High, $"{Documentation}: {members.Length - hidden.Length} of {members.Length} members are public.");
        return members.Length > hidden.Length;
    }

    /// <summary>The name in a line of PublicAPI.txt, without modifiers, parameters and type arguments; of an accessor, its property's too.</summary>
    private static IEnumerable<string> NamesOf(string line)
    {
        string head = Regex.Replace(line, @"^(~|static |const |override |virtual |abstract |readonly |required |implicit |explicit )+", string.Empty);
        string name = Regex.Replace(Regex.Replace(head, @"(\(| ->| =).*$", string.Empty), "<[^.$]*?>", string.Empty).Trim();
        yield return name;
        yield return Regex.Replace(name, @"\.(get|set|init|add|remove)$", string.Empty);
        if (Regex.IsMatch(head, @"\.operator "))
        {
            yield return Regex.Replace(head, @"\.operator .*$", ".operator");
        }
    }

    /// <summary>The name in a documentation id (ECMA-334, annex D.4), in the form of <see cref="NamesOf"/>.</summary>
    private static string NameOf(string id)
    {
        string name = Regex.Replace(Regex.Replace(id.Substring(2), @"\(.*$", string.Empty), @"`+\d+", string.Empty);
        name = Regex.Replace(name, @"\.op_\w+(~.*)?$", ".operator");
        string[] parts = name.Split('.');
        if (parts[parts.Length - 1] == "#ctor" && parts.Length > 1)
        {
            parts[parts.Length - 1] = parts[parts.Length - 2];
        }

        return string.Join(".", parts);
    }
}
