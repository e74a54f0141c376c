/// The style sheet of a report for wide screens, phones and paper.
enum ReportStyle {
    static let css: HTML = """
        :root { color-scheme: light; }
        * { box-sizing: border-box; }
        body { margin: 0; background: #f3f5f8; color: #1d2430; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, \
        "DejaVu Sans", sans-serif; -webkit-text-size-adjust: 100%; }
        header, main { max-width: 1120px; margin: 0 auto; padding: 0 16px; }
        header { padding-top: 28px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 19px; margin: 0 0 12px; }
        p { margin: 0 0 12px; max-width: 46em; }
        section > :last-child { margin-bottom: 0; }
        .scroll + p, .pair + p { margin-top: 12px; }
        .soft, small { color: #5b6675; }
        nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 10px; }
        a { color: #1b62c9; text-decoration: none; }
        section { background: #fff; border: 1px solid #e1e6ee; border-radius: 10px; padding: 18px; margin: 16px 0; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(112px, 1fr)); gap: 10px; margin-bottom: 16px; }
        .tile { background: #f3f5f8; border-radius: 8px; padding: 10px 12px; }
        .tile b { display: block; font-size: 25px; line-height: 1.2; font-variant-numeric: tabular-nums; }
        .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 18px 28px; align-items: start; }
        .many { display: grid; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); gap: 12px; }
        .pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 16px; }
        figure { margin: 0; min-width: 0; }
        figcaption { font-weight: 600; margin-bottom: 4px; overflow-wrap: anywhere; }
        .pictures figcaption { font-weight: 400; font-size: 13px; margin: 4px 0 0; }
        img { display: block; width: 100%; height: auto; border-radius: 6px; }
        svg { display: block; width: 100%; height: auto; }
        svg text { font-size: 11px; fill: #5b6675; font-family: inherit; }
        .grid { stroke: #e4e8ef; stroke-width: 1; }
        .legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; margin-bottom: 10px; }
        .key { display: inline-flex; align-items: center; gap: 6px; }
        .key i { width: 16px; height: 4px; border-radius: 2px; }
        .key svg.stroke { width: 26px; height: 4px; flex: none; }
        .key i.box { width: 16px; height: 12px; border: 3px solid; background: none; }
        .key i.dashed { border-style: dashed; border-width: 2px; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
        .wide { width: 100%; }
        td, th { padding: 5px 10px; text-align: right; border-bottom: 1px solid #edf0f5; white-space: nowrap; }
        th { font-weight: 600; }
        th:first-child, td:first-child { text-align: left; }
        .facts th { color: #5b6675; font-weight: 400; vertical-align: top; padding-left: 0; }
        .facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
        .meter { display: inline-block; width: 64px; height: 7px; border-radius: 4px; background: #e4e8ef; margin-left: 8px; \
        overflow: hidden; }
        .meter i { display: block; height: 100%; background: #2e86ff; }
        .confusion td { min-width: 46px; text-align: center; border: 1px solid #fff; }
        .confusion th { border: 0; }
        .confusion thead th { text-align: center; vertical-align: bottom; }
        .confusion tbody th, .confusion thead tr th:first-child { position: sticky; left: 0; background: #fff; \
        text-align: left; max-width: 130px; overflow: hidden; text-overflow: ellipsis; }
        .confusion.tall thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
        .confusion.tall td { min-width: 32px; padding: 3px 4px; font-size: 12px; }
        .confusion .axis { color: #5b6675; font-weight: 400; font-size: 12px; }
        .confusion thead .start { text-align: left; }
        .confusion .zero { color: #b4bcc8; background: #f8f9fb; }
        .confusion .none { color: #b4bcc8; }
        .bar { display: grid; grid-template-columns: 160px 1fr 52px; gap: 0 12px; align-items: center; margin-bottom: 8px; }
        .bar small { grid-column: 2 / 4; line-height: 1.3; }
        .track { background: #eef1f6; border-radius: 4px; height: 16px; overflow: hidden; }
        .track i { display: block; height: 100%; border-radius: 4px; }
        .track .kind { background: #e5383b; }
        .track .sum { background: #7d8794; }
        .number { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
        .best { font-weight: 700; background: #e6f2ea; }
        .difference td { color: #5b6675; font-size: 13px; }
        .difference td:first-child { padding-left: 22px; }
        td.beyond { color: #1d2430; font-weight: 600; }
        td.interval { width: 40%; min-width: 190px; padding-right: 0; }
        .verdicts { padding-left: 20px; margin: 0 0 12px; max-width: 60em; }
        .changed { display: grid; gap: 22px; }
        .panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 10px; }
        .panels figcaption { font-weight: 400; font-size: 13px; margin: 4px 0 0; }
        .changed.grid { grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); }
        .changed figcaption { font-weight: 400; font-size: 13px; margin: 4px 0 0; }
        .ends { display: flex; justify-content: space-between; }
        .runs td:nth-child(2), .runs th:nth-child(2) { text-align: left; }
        .changed h4 { margin: 0 0 6px; font-size: 14px; overflow-wrap: anywhere; }
        h3 { font-size: 16px; margin: 18px 0 10px; }
        .strip { max-width: 780px; }
        .small img { width: auto; max-width: 100%; }
        pre { overflow-x: auto; background: #f3f5f8; border-radius: 6px; padding: 12px; font-size: 13px; margin: 8px 0 0; }
        summary { cursor: pointer; font-weight: 600; }
        .note { background: #fff6df; border-radius: 6px; padding: 8px 12px; }
        @media (max-width: 560px) {
          section { padding: 14px; border-radius: 8px; }
          header, main { padding-left: 10px; padding-right: 10px; }
          .bar { grid-template-columns: 1fr 52px; }
          .bar b { grid-column: 1 / 3; }
          .bar small { grid-column: 1 / 3; }
          td, th { padding: 5px 7px; }
          .meter { display: none; }
          .many { grid-template-columns: 1fr 1fr; }
        }
        @media print { body { background: #fff; } section { break-inside: avoid; } nav { display: none; } }

        """
}
